/**
 * The bars of the timeline's rows. A bar is an attempt: pale when it completed, strong and underlined on the critical path,
 * striped when it failed, outlined with dashes when it ended otherwise; before it, in grey, how long it waited. Bars thinner
 * than a pixel are drawn as one, unless one of them failed or is critical. Knows no rows that fold.
 */
import { ATTEMPT_STATUSES, NONE } from "../src/html/page-data.ts";
import { STATUS_SIGN } from "../src/wording/outcome.ts";
import { hatch, type Palette } from "./palette.ts";
import { firstEndingAfter, type Row } from "./rows.ts";
import type { Scene } from "./scene.ts";
import { fitted } from "./surface.ts";
import type { View } from "./view.ts";

const LABEL_ROOM = 34;

type Look = "run" | "critical" | "fail" | "other" | "delay" | "wait" | `hue-${number}`;

interface Text {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly look: Look;
}

export class Bars {
  readonly #context: CanvasRenderingContext2D;
  readonly #palette: Palette;
  readonly #view: View;
  readonly #scene: Scene;
  /** Four numbers a box: x, y, width, height. */
  readonly #boxes: Map<Look, number[]> = new Map();
  readonly #underlines: number[] = [];
  readonly #texts: Text[] = [];

  constructor(context: CanvasRenderingContext2D, palette: Palette, view: View, scene: Scene) {
    this.#context = context;
    this.#palette = palette;
    this.#view = view;
    this.#scene = scene;
  }

  add(row: Row, y: number): void {
    if (row.attempts.length === 0 && row.task !== undefined) this.#neverStarted(row.task, y);
    const { run, rowHeight, colours } = this.#scene;
    const { startUs, endUs, status, critical, task, delayUs } = run.data.attempts;
    const view = this.#view;
    let drawnUntil = Number.NEGATIVE_INFINITY;
    const first = firstEndingAfter(row.attempts, endUs, view.fromUs);
    for (let at = first; at < row.attempts.length; at++) {
      const attempt = row.attempts[at] ?? 0;
      const from = startUs[attempt] ?? 0;
      if (row.waits) this.#wait(attempt, y);
      if (from > view.toUs) break;
      const owner = task[attempt] ?? 0;
      const x = Math.max(view.left - 8, view.x(from));
      const right = Math.min(view.right + 8, view.x(endUs[attempt] ?? from));
      const isCritical = critical[attempt] === 1;
      const hue = colours.hueOf(owner);
      const look = lookOf(ATTEMPT_STATUSES[status[attempt] ?? 0], isCritical, hue);
      const plain = !isCritical && (look === "run" || look.startsWith("hue"));
      if (plain && right - drawnUntil < 0.7) continue;
      drawnUntil = right;
      const wide = right - x;
      const width = wide > 4 ? wide - 1 : Math.max(plain ? 0.8 : 1.5, wide);
      this.#box(look, x, y + 2, width, rowHeight - 4);
      if (isCritical) this.#underlines.push(x, y + rowHeight - 4, width);
      const backOff = (delayUs[attempt] ?? 0) * view.pixelsPerUs;
      if (backOff > 1) this.#box("delay", right, y + rowHeight / 2 - 2, backOff, 4);
      if (wide > LABEL_ROOM && rowHeight >= 14) {
        this.#texts.push({
          text: run.name(owner),
          x: x + 5,
          y: y + rowHeight / 2,
          width: width - 9,
          look,
        });
      }
    }
  }

  paint(): void {
    const context = this.#context;
    const palette = this.#palette;
    const looks = Array.from(this.#boxes.keys()).sort((a, b) => depth(a) - depth(b));
    for (const look of looks) this.#fill(look, this.#boxes.get(look) ?? []);
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
    for (const { text, x, y, width, look } of this.#texts) {
      context.fillStyle = this.#ink(look);
      context.fillText(fitted(context, text, width), x, y + 0.5);
    }
  }

  #box(look: Look, x: number, y: number, width: number, height: number): void {
    const boxes = this.#boxes.get(look);
    if (boxes === undefined) this.#boxes.set(look, [x, y, width, height]);
    else boxes.push(x, y, width, height);
  }

  #wait(attempt: number, y: number): void {
    const { startUs, queuedUs } = this.#scene.run.data.attempts;
    const until = startUs[attempt] ?? 0;
    this.#grey(until - (queuedUs[attempt] ?? 0), until, y);
  }

  #grey(fromUs: number, untilUs: number, y: number): void {
    const { left, right } = this.#view;
    const x = Math.max(left - 8, this.#view.x(Math.max(0, fromUs)));
    const width = Math.min(right + 8, this.#view.x(untilUs)) - x;
    const { rowHeight } = this.#scene;
    if (width > 0.5) this.#box("wait", x, y + rowHeight / 2 - 3, width, 6);
  }

  /** Until when it waited, and what became of it. */
  #neverStarted(task: number, y: number): void {
    const { run, rowHeight } = this.#scene;
    const ready = run.data.tasks.readyUs[task] ?? NONE;
    const ended = run.droppedUs(task);
    if (ready !== NONE) this.#grey(ready, ended, y);
    const status = run.status(task);
    const text = `${STATUS_SIGN[status]} ${status}`;
    const x = this.#view.x(ended);
    const room = text.length * 7;
    const { right } = this.#view;
    this.#texts.push({
      text,
      x: x + room + 6 > right ? right - room : x + 6,
      y: y + rowHeight / 2,
      width: room,
      look: "wait",
    });
  }

  #ink(look: Look): string {
    const palette = this.#palette;
    if (look === "critical") return palette["run-strong-ink"];
    if (look === "fail") return palette["fail-ink"];
    if (look === "wait") return palette.soft;
    return look === "other" ? palette["other-ink"] : palette["run-ink"];
  }

  #fill(look: Look, boxes: readonly number[]): void {
    const context = this.#context;
    const palette = this.#palette;
    context.fillStyle = this.#colour(look);
    context.beginPath();
    for (let at = 0; at < boxes.length; at += 4) rounded(context, boxes, at, look !== "delay");
    context.fill();
    if (look === "other") {
      context.strokeStyle = palette["other-ink"];
      context.setLineDash([3, 2]);
      context.lineWidth = 1;
      context.stroke();
      context.setLineDash([]);
    }
    if (look !== "fail") return;
    // A label must be read over the stripes.
    context.fillStyle = palette.fail;
    for (let at = 0; at < boxes.length; at += 4) {
      const width = boxes[at + 2] ?? 0;
      if (width > LABEL_ROOM - 2) {
        context.fillRect(
          (boxes[at] ?? 0) + 3,
          (boxes[at + 1] ?? 0) + 1.5,
          width - 10,
          (boxes[at + 3] ?? 0) - 3,
        );
      }
    }
  }

  #colour(look: Look): string | CanvasPattern {
    const palette = this.#palette;
    const context = this.#context;
    switch (look) {
      case "run":
        return palette.run;
      case "critical":
        return palette["run-strong"];
      case "fail":
        return hatch(context, palette.fail, palette["fail-stripe"]);
      case "other":
        return palette.other;
      case "delay":
        return hatch(context, palette.ground, palette.delay);
      case "wait":
        return palette.queue;
      default:
        return palette.hues[Number(look.slice(4))] ?? palette.run;
    }
  }
}

/** What lies below what. */
function depth(look: Look): number {
  const place = ["wait", "delay", "run", "critical", "other", "fail"].indexOf(look);
  return place < 0 ? 2.5 : place;
}

function lookOf(
  status: (typeof ATTEMPT_STATUSES)[number] | undefined,
  isCritical: boolean,
  hue: number,
): Look {
  if (status === "failed") return "fail";
  if (status !== "completed") return "other";
  if (hue !== NONE) return `hue-${hue}`;
  return isCritical ? "critical" : "run";
}

function rounded(
  context: CanvasRenderingContext2D,
  boxes: readonly number[],
  at: number,
  round: boolean,
): void {
  const x = boxes[at] ?? 0;
  const y = boxes[at + 1] ?? 0;
  const width = boxes[at + 2] ?? 0;
  const height = boxes[at + 3] ?? 0;
  if (width > 6 && round) context.roundRect(x, y, width, height, 3);
  else context.rect(x, y, width, height);
}
