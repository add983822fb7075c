/**
 * The rows of the timeline: stripes and names, bars, and heads of groups as a profile of how much ran and waited, red where
 * something of it failed. Rows that are out of sight are not drawn.
 */
import { highestBetween, type Staircase } from "./load.ts";
import { Bars } from "./paint-bars.ts";
import { GHOST_ROOM, paintGhosts } from "./paint-ghosts.ts";
import { paintLinks } from "./paint-links.ts";
import { hatch, type Palette } from "./palette.ts";
import type { Row } from "./rows.ts";
import type { Scene } from "./scene.ts";
import { fitted, type Surface } from "./surface.ts";
import { ticks, type View } from "./view.ts";

export function paintRows(surface: Surface, view: View, scene: Scene, palette: Palette): void {
  const context = surface.clear();
  grid(context, surface, view, scene, palette);
  const { rows, rowHeight, top } = scene;
  const first = Math.max(0, Math.floor(top / rowHeight));
  const last = Math.min(rows.length - 1, Math.floor((top + surface.height) / rowHeight));
  // Under each bar is room for the one that it would be.
  const barHeight = scene.ghosts === undefined ? rowHeight : rowHeight - GHOST_ROOM;
  const fail = hatch(context, palette.fail, palette["fail-stripe"]);
  const bars = new Bars(context, palette, view, { ...scene, rowHeight: barHeight });
  for (let place = first; place <= last; place++) {
    const row = rows[place];
    if (row === undefined) continue;
    const y = place * rowHeight - top;
    if (row.head === undefined) bars.add(row, y);
    else paintHeadRow(context, view, row, y, barHeight, palette, fail);
  }
  context.save();
  context.beginPath();
  context.rect(view.left, 0, view.right - view.left, surface.height);
  context.clip();
  bars.paint();
  paintGhosts(context, view, scene, palette, first, last);
  paintLinks(context, view, scene, palette, surface.height);
  bars.write();
  context.restore();
  labels(context, view, scene, palette, first, last);
}

function grid(
  context: CanvasRenderingContext2D,
  surface: Surface,
  view: View,
  { rows, rowHeight, top, run }: Scene,
  palette: Palette,
): void {
  const bottom = Math.min(surface.height, rows.length * rowHeight - top);
  context.fillStyle = palette.stripe;
  for (let place = Math.floor(top / rowHeight); place * rowHeight - top < bottom; place++) {
    if (place % 2 === 0) {
      context.fillRect(view.left, place * rowHeight - top, view.right - view.left, rowHeight);
    }
  }
  context.fillStyle = palette.line;
  for (const us of ticks(view)) {
    const x = Math.round(view.x(us));
    if (x >= view.left) context.fillRect(x, 0, 1, bottom);
  }
  const { makespanUs, endUs } = run.data;
  const x = Math.round(view.x(makespanUs));
  if (endUs > makespanUs * 1.001 && x > view.left && x < view.right) {
    context.fillStyle = palette.soft;
    for (let y = 0; y < bottom; y += 6) context.fillRect(x, y, 1, 3);
  }
}

function labels(
  context: CanvasRenderingContext2D,
  view: View,
  { rows, rowHeight, top }: Scene,
  palette: Palette,
  first: number,
  last: number,
): void {
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (let place = first; place <= last; place++) {
    const row = rows[place];
    if (row === undefined || row.label === "") continue;
    const isName = row.task !== undefined;
    context.font =
      row.head !== undefined
        ? `600 11px ${palette.text}`
        : `11px ${isName ? palette.code : palette.text}`;
    context.fillStyle = row.head !== undefined || isName ? palette.ink : palette.soft;
    const text = fitted(context, row.label, view.left - 14);
    context.fillText(text, view.left - 10, place * rowHeight - top + rowHeight / 2 + 0.5);
  }
  context.textAlign = "left";
}

function paintHeadRow(
  context: CanvasRenderingContext2D,
  view: View,
  { head }: Row,
  y: number,
  rowHeight: number,
  palette: Palette,
  fail: CanvasPattern | string,
): void {
  if (head === undefined) return;
  const bottom = y + rowHeight - 2;
  const most = Math.max(1, head.load.highest);
  const tall = (count: number): number => Math.max(2, ((rowHeight - 5) * count) / most);
  const strength = head.open ? 0.35 : 0.8;
  // Stripes are filled once: a fill of its own for each column takes a frame of many.
  context.beginPath();
  for (let x = Math.floor(view.left); x < view.right; x++) {
    const at = (stairs: Staircase): number => highestBetween(stairs, view.us(x), view.us(x + 1));
    const count = at(head.load);
    context.globalAlpha = strength;
    if (count > 0) {
      context.fillStyle = palette["run-strong"];
      context.fillRect(x, bottom - tall(count), 1, tall(count));
    } else if (at(head.waiting) > 0) {
      context.fillStyle = palette.queue;
      context.fillRect(x, y + rowHeight / 2 - 3, 1, 6);
    }
    context.globalAlpha = 1;
    const failed = at(head.failed);
    if (failed > 0) context.rect(x - 0.5, bottom - tall(failed), 2, tall(failed));
    if (at(head.critical) > 0) {
      context.fillStyle = palette.path;
      context.fillRect(x, bottom, 1, 2);
    }
  }
  context.fillStyle = fail;
  context.fill();
}
