/**
 * The data of the page as an element that no browser runs. Small data stands there as JSON, in which nothing can end the
 * element; large data is compressed (gzip, base64), which the script undoes with `DecompressionStream`.
 */
import { gzipSync } from "node:zlib";
import { html, type Markup, verbatim } from "./markup.ts";
import { packed } from "./packing.ts";
import type { PageData } from "./page-data.ts";

const PLAIN_CHARACTERS = 256 * 1024;

export function island(data: PageData): Markup {
  const json = JSON.stringify(packed(data));
  if (json.length <= PLAIN_CHARACTERS) {
    const inert = json
      .replace(/</g, "\\u003c")
      .replace(/\u2028/g, "\\u2028")
      .replace(/\u2029/g, "\\u2029");
    return html`<script type="application/json" id="data">${verbatim(inert)}</script>`;
  }
  const compressed = gzipSync(json, { level: 9 }).toString("base64");
  return html`<script type="application/gzip" id="data">${verbatim(compressed)}</script>`;
}
