/**
 * The head of the page. The policy lets exactly our style and our scripts in, by their hashes, and nothing else: no request,
 * no other script even if one got into the text. Where the page may run the run again, it also lets a worker start from a text
 * that a script of ours holds; no address is one. The icon says in the row of tabs how the run went.
 */
import type { SerializedReport } from "@astrum/core";
import { pageScript, pageStyle, scriptHash, styleHash } from "./assets.generated.ts";
import { machineHash, machineScript } from "./machine.generated.ts";
import { html, type Markup, verbatim } from "./markup.ts";

/** `tries`: the page may run the run again. */
export function head(report: SerializedReport, title: string, tries: boolean): Markup {
  return html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(tries)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${icon(report.executionState)}">
<style>${verbatim(pageStyle)}</style>
</head>`;
}

/** Stands at the end of the body, so that the page is read before the script runs. */
export function script(tries: boolean): Markup {
  return html`${tries && html`<script>${verbatim(machineScript)}</script>\n`}<script>${verbatim(pageScript)}</script>`;
}

function policy(tries: boolean): string {
  return [
    "default-src 'none'",
    `script-src '${scriptHash}'${tries ? ` '${machineHash}'` : ""}`,
    ...(tries ? ["worker-src blob:"] : []),
    `style-src '${styleHash}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

const COLOUR: Readonly<Record<SerializedReport["executionState"], string>> = {
  completed: "#1f7a66",
  failed: "#c2362b",
  cancelled: "#8a5a00",
  interrupted: "#8a5a00",
};

const STROKE: Readonly<Record<SerializedReport["executionState"], string>> = {
  completed: "M9 17l5 5 10-12",
  failed: "M10 10l12 12M22 10L10 22",
  cancelled: "M9 16h14",
  interrupted: "M9 16h14",
};

/** A picture in the address itself. */
export function icon(executionState: SerializedReport["executionState"]): string {
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${COLOUR[executionState]}"/><path d="${STROKE[executionState]}" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(picture)}`;
}
