/**
 * The frame of a page without a script: the look of the report's page, and a policy that lets in nothing but its two styles.
 * Knows no run.
 */
import type { SerializedReport } from "@astrum/core";
import { head } from "./head.ts";
import { html, type Markup } from "./markup.ts";
import { stillStyle, stillStyleHash } from "./still-style.generated.ts";

export interface StillPage {
  readonly title: string;
  readonly state: SerializedReport["executionState"];
  readonly header: Markup;
  readonly main: Markup;
  /** "Made by Astrum for …". */
  readonly madeFor: string;
}

export function stillPage({ title, state, header, main, madeFor }: StillPage): string {
  const page = html`<!doctype html>
<html lang="en">
${head({ title, state, style: { text: stillStyle, hash: stillStyleHash } })}
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
