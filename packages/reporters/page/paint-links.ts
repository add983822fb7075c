/**
 * What belongs to the selected task: how long it waited, as dashes above the row before its bars, and arrows from what it depends on and
 * to what depends on it. The arrow from the task that released it is the strong one.
 */
import { NONE } from "../src/html/page-data.ts";
import type { Palette } from "./palette.ts";
import type { Scene } from "./scene.ts";
import type { View } from "./view.ts";

/** More would be a cloud. */
const ARROWS = 60;

export function paintLinks(
  context: CanvasRenderingContext2D,
  view: View,
  scene: Scene,
  palette: Palette,
  height: number,
): void {
  const { run, rowOf, rowHeight, top, selected, hovered } = scene;
  if (hovered !== NONE && hovered !== selected)
    outline(context, view, scene, hovered, palette.soft, 1);
  if (selected === NONE) return;
  const { attempts, tasks } = run.data;
  const shown = (attempt: number | undefined): attempt is number =>
    attempt !== undefined && (rowOf[attempt] ?? NONE) !== NONE;
  const own = run.attemptsOf(selected).filter(shown);
  const middle = (attempt: number): number =>
    (rowOf[attempt] ?? 0) * rowHeight - top + rowHeight / 2;
  context.strokeStyle = palette.ink;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  for (const attempt of own) {
    const startUs = attempts.startUs[attempt] ?? 0;
    const queuedUs = attempts.queuedUs[attempt] ?? 0;
    if (queuedUs <= 0) continue;
    // Others may have run in the row meanwhile: their names stay readable.
    const y = middle(attempt) - rowHeight / 2 + 1.5;
    line(context, view.x(Math.max(0, startUs - queuedUs)), y, view.x(startUs), y);
  }
  context.setLineDash([]);
  const [first] = own;
  const last = own.at(-1);
  if (first === undefined || last === undefined) return;
  const releasedBy = tasks.releasedBy[selected] ?? NONE;
  const before = new Set(run.dependenciesOf(selected).map(({ task }) => task));
  if (releasedBy !== NONE) before.add(releasedBy);
  for (const task of Array.from(before).slice(0, ARROWS)) {
    const from = run.lastAttempt(task);
    if (!shown(from)) continue;
    const strong = task === releasedBy;
    arrow(
      context,
      view.x(attempts.endUs[from] ?? 0),
      middle(from),
      view.x(attempts.startUs[first] ?? 0),
      middle(first),
      strong ? palette.accent : palette.soft,
      strong ? 2 : 1.2,
      height,
    );
  }
  for (const { task } of run.dependentsOf(selected).slice(0, ARROWS)) {
    const [to] = run.attemptsOf(task);
    if (!shown(to)) continue;
    arrow(
      context,
      view.x(attempts.endUs[last] ?? 0),
      middle(last),
      view.x(attempts.startUs[to] ?? 0),
      middle(to),
      palette.soft,
      1.2,
      height,
    );
  }
  outline(context, view, scene, selected, palette.accent, 2);
}

function outline(
  context: CanvasRenderingContext2D,
  view: View,
  { run, rowOf, rowHeight, top }: Scene,
  task: number,
  colour: string,
  thick: number,
): void {
  const { startUs, endUs } = run.data.attempts;
  context.strokeStyle = colour;
  context.lineWidth = thick;
  for (const attempt of run.attemptsOf(task)) {
    if ((rowOf[attempt] ?? NONE) === NONE) continue;
    const x = view.x(startUs[attempt] ?? 0);
    const width = Math.max(3, view.x(endUs[attempt] ?? 0) - x);
    context.strokeRect(
      x - 1,
      (rowOf[attempt] ?? 0) * rowHeight - top + 1,
      width + 1,
      rowHeight - 2,
    );
  }
}

function line(
  context: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function arrow(
  context: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  colour: string,
  thick: number,
  height: number,
): void {
  if (Math.max(y1, y2) < -200 || Math.min(y1, y2) > height + 200) return;
  const bend = Math.max(14, Math.min(80, Math.abs(x2 - x1) / 2));
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = thick;
  context.beginPath();
  context.moveTo(x1, y1);
  context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2 - 4, y2);
  context.stroke();
  context.beginPath();
  context.moveTo(x2, y2);
  context.lineTo(x2 - 7, y2 - 4);
  context.lineTo(x2 - 7, y2 + 4);
  context.closePath();
  context.fill();
}
