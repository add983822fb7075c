/**
 * The rows of the timeline. A bar is an attempt: pale when it completed, strong and underlined on the critical path, striped
 * when it failed, outlined with dashes when it ended otherwise. Bars thinner than a pixel are drawn as one, unless one of
 * them failed or is critical. What is not looked for is dimmed, never hidden.
 */
import { ATTEMPT_STATUSES } from "../src/html/page-data.ts";
import { highestBetween } from "./load.ts";
import { GHOST_ROOM, paintGhosts } from "./paint-ghosts.ts";
import { paintLinks } from "./paint-links.ts";
import { hatch, type Palette } from "./palette.ts";
import { firstEndingAfter, type Row } from "./rows.ts";
import type { Scene } from "./scene.ts";
import { fitted, type Surface } from "./surface.ts";
import { ticks, type View } from "./view.ts";

const LABEL_ROOM = 34;

export function paintRows(surface: Surface, view: View, scene: Scene, palette: Palette): void {
  const context = surface.clear();
  grid(context, surface, view, scene, palette);
  const { rows, rowHeight, top } = scene;
  const first = Math.max(0, Math.floor(top / rowHeight));
  const last = Math.min(rows.length - 1, Math.floor((top + surface.height) / rowHeight));
  // Under each bar is room for the one that it would be.
  const barHeight = scene.ghosts === undefined ? rowHeight : rowHeight - GHOST_ROOM;
  const bars = new Bars(context, palette, view, { ...scene, rowHeight: barHeight });
  for (let place = first; place <= last; place++) {
    const row = rows[place];
    if (row === undefined) continue;
    const y = place * rowHeight - top;
    if (row.head === undefined) bars.add(row.attempts, y);
    else paintHeadRow(context, view, row, y, barHeight, palette);
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
): void {
  if (head === undefined) return;
  const bottom = y + rowHeight - 2;
  const most = Math.max(1, head.load.highest);
  context.fillStyle = head.failed ? palette.fail : palette["run-strong"];
  context.globalAlpha = head.open ? 0.35 : 0.8;
  for (let x = Math.floor(view.left); x < view.right; x++) {
    const count = highestBetween(head.load, view.us(x), view.us(x + 1));
    if (count === 0) continue;
    const tall = Math.max(2, ((rowHeight - 5) * count) / most);
    context.fillRect(x, bottom - tall, 1, tall);
  }
  context.globalAlpha = 1;
}

type Look = "run" | "critical" | "fail" | "other" | "delay";

class Bars {
  readonly #context: CanvasRenderingContext2D;
  readonly #palette: Palette;
  readonly #view: View;
  readonly #scene: Scene;
  readonly #boxes: Record<Look, number[]> = {
    run: [],
    critical: [],
    fail: [],
    other: [],
    delay: [],
  };
  readonly #dimmed: Record<Look, number[]> = {
    run: [],
    critical: [],
    fail: [],
    other: [],
    delay: [],
  };
  readonly #underlines: number[] = [];
  readonly #texts: {
    text: string;
    x: number;
    y: number;
    width: number;
    look: Look;
    dim: boolean;
  }[] = [];

  constructor(context: CanvasRenderingContext2D, palette: Palette, view: View, scene: Scene) {
    this.#context = context;
    this.#palette = palette;
    this.#view = view;
    this.#scene = scene;
  }

  add(attempts: readonly number[], y: number): void {
    const { run, matches, filtered, rowHeight } = this.#scene;
    const { startUs, endUs, status, critical, task, delayUs } = run.data.attempts;
    const view = this.#view;
    let drawnUntil = Number.NEGATIVE_INFINITY;
    for (let at = firstEndingAfter(attempts, endUs, view.fromUs); at < attempts.length; at++) {
      const attempt = attempts[at] ?? 0;
      const from = startUs[attempt] ?? 0;
      if (from > view.toUs) break;
      const owner = task[attempt] ?? 0;
      const x = Math.max(view.left - 8, view.x(from));
      const right = Math.min(view.right + 8, view.x(endUs[attempt] ?? from));
      const isCritical = critical[attempt] === 1;
      const look = lookOf(ATTEMPT_STATUSES[status[attempt] ?? 0], isCritical);
      const dim = filtered && matches[owner] !== 1;
      if (look === "run" && right - drawnUntil < 0.7 && !(filtered && !dim)) continue;
      drawnUntil = right;
      const wide = right - x;
      const width = wide > 4 ? wide - 1 : Math.max(look === "run" ? 0.8 : 1.5, wide);
      const boxes = dim ? this.#dimmed : this.#boxes;
      boxes[look].push(x, y + 2, width, rowHeight - 4);
      if (isCritical && !dim) this.#underlines.push(x, y + rowHeight - 4, width);
      const backOff = delayUs[attempt] ?? 0;
      if (backOff > 0) {
        const length = backOff * view.pixelsPerUs;
        if (length > 1) boxes.delay.push(right, y + rowHeight / 2 - 2, length, 4);
      }
      if (wide > LABEL_ROOM && rowHeight >= 14) {
        this.#texts.push({
          text: run.name(owner),
          x: x + 5,
          y: y + rowHeight / 2,
          width: width - 9,
          look,
          dim,
        });
      }
    }
  }

  paint(): void {
    const context = this.#context;
    const palette = this.#palette;
    context.globalAlpha = 0.2;
    this.#fill(this.#dimmed);
    context.globalAlpha = 1;
    this.#fill(this.#boxes);
    context.fillStyle = palette.path;
    for (let at = 0; at < this.#underlines.length; at += 3) {
      context.fillRect(
        this.#underlines[at] ?? 0,
        this.#underlines[at + 1] ?? 0,
        this.#underlines[at + 2] ?? 0,
        2,
      );
    }
  }

  /** The names, above the arrows. */
  write(): void {
    const context = this.#context;
    context.font = `11px ${this.#palette.code}`;
    context.textBaseline = "middle";
    for (const { text, x, y, width, look, dim } of this.#texts) {
      context.globalAlpha = dim ? 0.35 : 1;
      context.fillStyle = this.#ink(look);
      context.fillText(fitted(context, text, width), x, y + 0.5);
    }
    context.globalAlpha = 1;
  }

  #ink(look: Look): string {
    const palette = this.#palette;
    if (look === "critical") return palette["run-strong-ink"];
    if (look === "fail") return palette["fail-ink"];
    return look === "other" ? palette["other-ink"] : palette["run-ink"];
  }

  #fill(boxes: Readonly<Record<Look, readonly number[]>>): void {
    const context = this.#context;
    const palette = this.#palette;
    context.fillStyle = hatch(context, palette.ground, palette.delay);
    for (let at = 0; at < boxes.delay.length; at += 4) box(context, boxes.delay, at);
    const fills: [Look, string | CanvasPattern][] = [
      ["run", palette.run],
      ["critical", palette["run-strong"]],
      ["other", palette.other],
      ["fail", hatch(context, palette.fail, palette["fail-stripe"])],
    ];
    for (const [look, fill] of fills) {
      const own = boxes[look];
      if (own.length === 0) continue;
      context.fillStyle = fill;
      context.beginPath();
      for (let at = 0; at < own.length; at += 4) rounded(context, own, at);
      context.fill();
      if (look === "other") {
        context.strokeStyle = palette["other-ink"];
        context.setLineDash([3, 2]);
        context.lineWidth = 1;
        context.stroke();
        context.setLineDash([]);
      }
    }
    // A label must be read over the stripes.
    context.fillStyle = palette.fail;
    for (let at = 0; at < boxes.fail.length; at += 4) {
      const width = boxes.fail[at + 2] ?? 0;
      if (width > LABEL_ROOM - 2) {
        context.fillRect(
          (boxes.fail[at] ?? 0) + 3,
          (boxes.fail[at + 1] ?? 0) + 1.5,
          width - 10,
          (boxes.fail[at + 3] ?? 0) - 3,
        );
      }
    }
  }
}

function lookOf(status: (typeof ATTEMPT_STATUSES)[number] | undefined, isCritical: boolean): Look {
  if (status === "failed") return "fail";
  if (status !== "completed") return "other";
  return isCritical ? "critical" : "run";
}

function rounded(context: CanvasRenderingContext2D, boxes: readonly number[], at: number): void {
  const [x = 0, y = 0, width = 0, height = 0] = [
    boxes[at],
    boxes[at + 1],
    boxes[at + 2],
    boxes[at + 3],
  ];
  if (width > 6) context.roundRect(x, y, width, height, 3);
  else context.rect(x, y, width, height);
}

function box(context: CanvasRenderingContext2D, boxes: readonly number[], at: number): void {
  context.fillRect(boxes[at] ?? 0, boxes[at + 1] ?? 0, boxes[at + 2] ?? 0, boxes[at + 3] ?? 0);
}
