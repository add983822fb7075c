/**
 * The head of a page. The policy lets exactly our styles and our scripts in, by their hashes, and nothing else: no request,
 * no other script even if one got into the text. A worker may start from a text that a script of ours holds; no address is one.
 * The icon says in the row of tabs how the run went.
 */
import type { SerializedReport } from "@astrum/core";
import { pageStyle, styleHash } from "./assets.generated.ts";
import { html, type Markup, verbatim } from "./markup.ts";

export interface Head {
  readonly title: string;
  readonly state: SerializedReport["executionState"];
  /** Beside the look that all pages have. */
  readonly style?: Style | undefined;
  /** Hashes of the scripts that stand in the body. */
  readonly scripts?: readonly string[] | undefined;
  /** Whether one of them starts a worker. */
  readonly worker?: boolean | undefined;
}

interface Style {
  readonly text: string;
  readonly hash: string;
}

export function head({ title, state, style, scripts = [], worker = false }: Head): Markup {
  const styles = [{ text: pageStyle, hash: styleHash }, ...(style === undefined ? [] : [style])];
  const policy = [
    "default-src 'none'",
    ...(scripts.length > 0 ? [`script-src ${scripts.map(quoted).join(" ")}`] : []),
    ...(worker ? ["worker-src blob:"] : []),
    `style-src ${styles.map(({ hash }) => quoted(hash)).join(" ")}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${icon(state)}">
${styles.map(({ text }) => html`<style>${verbatim(text)}</style>\n`)}</head>`;
}

function quoted(hash: string): string {
  return `'${hash}'`;
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
function icon(executionState: SerializedReport["executionState"]): string {
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${COLOUR[executionState]}"/><path d="${STROKE[executionState]}" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(picture)}`;
}
