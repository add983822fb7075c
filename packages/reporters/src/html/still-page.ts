/**
 * The frame of a page without a script: the look of the report's page, and a policy that lets in nothing but its two styles.
 * Knows no run.
 */
import type { SerializedReport } from "@astrum/core";
import { pageStyle, styleHash } from "./assets.generated.ts";
import { icon } from "./head.ts";
import { html, type Markup, verbatim } from "./markup.ts";
import { stillStyle, stillStyleHash } from "./still-style.generated.ts";

export interface StillPage {
  readonly title: string;
  readonly icon: SerializedReport["executionState"];
  readonly header: Markup;
  readonly main: Markup;
  /** "Made by Astrum for …". */
  readonly madeFor: string;
}

export function stillPage({ title, icon: state, header, main, madeFor }: StillPage): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${icon(state)}">
<style>${verbatim(pageStyle)}</style>
<style>${verbatim(stillStyle)}</style>
</head>
<body>
${header}
<main>
${main}
</main>
<footer><p>Made by Astrum for ${madeFor}. This file asks for nothing and sends nothing.</p></footer>
</body>
</html>
`;
  return page.text;
}

const POLICY = [
  "default-src 'none'",
  `style-src '${styleHash}' '${stillStyleHash}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
