/** What the timeline hands its painters: the rows, how far they are scrolled, and which tasks stand out. Knows no canvas. */
import type { Colours } from "./colours.ts";
import type { Ghosts } from "./ghosts.ts";
import type { Row } from "./rows.ts";
import type { Run } from "./run.ts";

export interface Scene {
  readonly run: Run;
  readonly rows: readonly Row[];
  /** The row of every attempt; the head of its group when that is folded, `NONE` when it is not looked for. */
  readonly rowOf: Int32Array;
  readonly rowHeight: number;
  readonly top: number;
  readonly colours: Colours;
  readonly selected: number;
  readonly hovered: number;
  /** The run as it would be with other numbers, when that is looked at. */
  readonly ghosts: Ghosts | undefined;
}
