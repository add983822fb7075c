/** The way to every part of the page, within the first screen and then at its top. Only parts that are there are named. */
import { html, type Markup } from "./markup.ts";

/** The id of its element, what it is called, and whether it is there. */
export type Part = readonly [id: string, name: string, there: boolean];

/** A page of one part needs none. */
export function contents(parts: readonly Part[]): Markup | undefined {
  const there = parts.filter(([, , isThere]) => isThere);
  if (there.length < 2) return undefined;
  return html`<nav class="contents" aria-label="Parts of this page"><ul>${there.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>`;
}
