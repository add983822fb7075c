/**
 * The simulated run under the real one: at the foot of each row a thin bar where its attempts would be, on the head of a group
 * the profile of how many of it would run, and a dashed line where the run would end.
 */

import type { Ghosts } from "./ghosts.ts";
import { highestBetween, type Staircase } from "./load.ts";
import type { Palette } from "./palette.ts";
import { firstEndingAfter, type Row } from "./rows.ts";
import type { Scene } from "./scene.ts";
import type { View } from "./view.ts";

/** By so much rows are higher. */
export const GHOST_ROOM = 7;
const TALL = 4;

/** In the rows from `first` to `last`, clipped to the time axis by the caller. */
export function paintGhosts(
  context: CanvasRenderingContext2D,
  view: View,
  scene: Scene,
  palette: Palette,
  first: number,
  last: number,
): void {
  const { ghosts, rows, rowHeight, top } = scene;
  if (ghosts === undefined) return;
  context.fillStyle = palette.accent;
  for (let place = first; place <= last; place++) {
    const row = rows[place];
    if (row === undefined) continue;
    const foot = (place + 1) * rowHeight - top - 2;
    if (row.head === undefined) bars(context, view, ghosts, ghostsOf(row, scene), foot);
    else {
      const load = ghosts.loadOf(row.head, scene.run.data.attempts.task);
      profile(context, view, load, foot);
    }
  }
  const x = Math.round(view.x(ghosts.makespanUs));
  const bottom = (last + 1) * rowHeight - top;
  for (let y = 0; y < bottom; y += 7) context.fillRect(x, y, 1.5, 4);
}

/** A row is a task's or a slot's. */
function ghostsOf(row: Row, { ghosts }: Scene): readonly number[] {
  if (row.task !== undefined) return ghosts?.of(row.task) ?? [];
  return row.slot === undefined ? [] : (ghosts?.on(row.slot) ?? []);
}

function bars(
  context: CanvasRenderingContext2D,
  view: View,
  { startUs, endUs }: Ghosts,
  own: readonly number[],
  foot: number,
): void {
  let drawnUntil = Number.NEGATIVE_INFINITY;
  context.beginPath();
  for (let at = firstEndingAfter(own, endUs, view.fromUs); at < own.length; at++) {
    const place = own[at] ?? 0;
    const from = startUs[place] ?? 0;
    if (from > view.toUs) break;
    const x = Math.max(view.left - 8, view.x(from));
    const right = Math.min(view.right + 8, view.x(endUs[place] ?? from));
    if (right - drawnUntil < 0.7) continue;
    drawnUntil = right;
    const wide = right - x;
    context.roundRect(
      x,
      foot - TALL,
      Math.max(1, wide > 4 ? wide - 1 : wide),
      TALL,
      wide > 4 ? 2 : 0,
    );
  }
  context.fill();
}

function profile(
  context: CanvasRenderingContext2D,
  view: View,
  load: Staircase,
  foot: number,
): void {
  const most = Math.max(1, load.highest);
  for (let x = Math.floor(view.left); x < view.right; x++) {
    const count = highestBetween(load, view.us(x), view.us(x + 1));
    if (count === 0) continue;
    const tall = Math.max(1, (TALL * count) / most);
    context.fillRect(x, foot - tall, 1, tall);
  }
}
