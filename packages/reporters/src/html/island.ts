/**
 * The data of the page as an element that no browser runs. Small data stands there as JSON, in which nothing can end the
 * element; large data is compressed (gzip, base64), which the script undoes with `DecompressionStream`. A runtime that
 * cannot compress while it is called, such as a browser, leaves large data as it is.
 */
import { html, type Markup, verbatim } from "./markup.ts";
import { packed } from "./packing.ts";
import type { PageData } from "./page-data.ts";

const PLAIN_CHARACTERS = 256 * 1024;

export function island(data: PageData): Markup {
  const json = JSON.stringify(packed(data));
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib");
  if (zlib === undefined || json.length <= PLAIN_CHARACTERS) {
    return html`<script type="application/json" id="data">${inert(json)}</script>`;
  }
  const compressed = zlib.gzipSync(json, { level: 9 }).toString("base64");
  return html`<script type="application/gzip" id="data">${verbatim(compressed)}</script>`;
}

/** A text for the script, as JSON. */
export function textIsland(id: string, text: string): Markup {
  return html`<script type="application/json" id="${id}">${inert(JSON.stringify(text))}</script>`;
}

function inert(json: string): Markup {
  return verbatim(
    json
      .replace(/</g, "\\u003c")
      .replace(/\u2028/g, "\\u2028")
      .replace(/\u2029/g, "\\u2029"),
  );
}
