/** Above the rows: the time axis, how many attempts ran at once and how many waited, each on a scale of its own. */
import { count } from "../src/wording/counts.ts";
import { instantText } from "../src/wording/time-axis.ts";
import { highestBetween, type Staircase } from "./load.ts";
import type { Palette } from "./palette.ts";
import type { Surface } from "./surface.ts";
import { ticks, type View } from "./view.ts";

export const HEAD_HEIGHT = 108;
const CHART = 30;
const RUNNING_TOP = 10;
const WAITING_TOP = RUNNING_TOP + CHART + 10;
const AXIS_TOP = WAITING_TOP + CHART + 8;

export interface Load {
  readonly running: Staircase;
  readonly waiting: Staircase;
}

export function paintHead(
  surface: Surface,
  view: View,
  { running, waiting }: Load,
  palette: Palette,
): void {
  const context = surface.clear();
  chart(context, view, running, RUNNING_TOP, palette["run-strong"], palette, "running");
  chart(context, view, waiting, WAITING_TOP, palette.wait, palette, "waiting");
  context.fillStyle = palette.soft;
  context.font = `11px ${palette.text}`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const us of ticks(view)) {
    const x = view.x(us);
    const text = instantText(us);
    const half = context.measureText(text).width / 2;
    if (x - half < view.left - 6 || x + half > view.right + 4) continue;
    context.fillText(text, x, AXIS_TOP + 8);
  }
  context.textAlign = "left";
  if (!view.isWhole) scrollMark(context, view, palette);
}

function chart(
  context: CanvasRenderingContext2D,
  view: View,
  stairs: Staircase,
  top: number,
  colour: string,
  palette: Palette,
  label: string,
): void {
  const bottom = top + CHART;
  context.fillStyle = palette.stripe;
  context.fillRect(view.left, top, view.right - view.left, CHART);
  const most = Math.max(1, stairs.highest);
  context.beginPath();
  context.moveTo(view.left, bottom);
  for (let x = Math.floor(view.left); x < view.right; x++) {
    const number = highestBetween(stairs, view.us(x), view.us(x + 1));
    const y = bottom - (CHART * number) / most;
    context.lineTo(x, y);
    context.lineTo(x + 1, y);
  }
  context.lineTo(view.right, bottom);
  context.closePath();
  context.fillStyle = colour;
  context.globalAlpha = 0.32;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.stroke();
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillStyle = palette.soft;
  context.font = `11px ${palette.text}`;
  context.fillText(label, view.left - 10, top + CHART / 2 - 6);
  context.fillStyle = palette.ink;
  context.font = `600 11px ${palette.text}`;
  context.fillText(`≤ ${count(stairs.highest)}`, view.left - 10, top + CHART / 2 + 8);
  context.textAlign = "left";
}

/** Where in the whole the reader is. */
function scrollMark(context: CanvasRenderingContext2D, view: View, palette: Palette): void {
  const width = view.right - view.left;
  const { from, share } = view.window;
  context.fillStyle = palette.line;
  context.fillRect(view.left, 2, width, 3);
  context.fillStyle = palette.accent;
  context.fillRect(view.left + from * width, 2, Math.max(6, share * width), 3);
}
