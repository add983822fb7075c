/**
 * The live block at the bottom of a terminal. What is told for good goes above it, in the order in which it happened; the
 * block is drawn again at most four times a second, and once a second when nothing happens.
 *
 * The cursor is never hidden, so that there is nothing to restore, not even after a `kill -9`; the alternate screen is never
 * entered, so that nothing is lost with it. (Hiding it is also why a library must watch for signals, which keeps a program's own
 * `process.once("SIGINT")` from being the only one that decides.)
 */
import { Writable } from "node:stream";
import type { Clock, RunEvent } from "@astrum/core";
import { createLogUpdate } from "log-update";
import type { Line } from "../wording/styled.ts";
import { type BlockRun, blockLines } from "./block.ts";
import type { Paint } from "./colour.ts";
import type { Display } from "./display.ts";
import { noticeForeignWrites } from "./foreign-writes.ts";
import type { RunState } from "./run-state.ts";
import type { Sink } from "./sink.ts";
import type { Telling } from "./telling.ts";
import { type Estimates, type TimeLeft, timeLeft } from "./time-left.ts";

/** Often enough to be read. A drawing takes about a millisecond: the run comes between two of them. */
const DRAW_MS = 250;
const IDLE_MS = 1000;
const MOST_LINES = 12;
/** Looking at every open task takes time: at most once a second, and never more than a part in 500 of it. */
const LEFT_MS = 1000;
const LEFT_PART = 500;

export interface Surroundings {
  readonly sink: Sink;
  readonly paint: Paint;
  readonly clock: Clock;
  readonly telling: Telling;
}

interface Shown {
  /** From the clock of the display to that of the run's events. */
  readonly offset: number;
  left: TimeLeft | undefined;
  leftAgainAt: number;
}

export class LiveDisplay implements Display {
  readonly #around: Surroundings;
  readonly #estimates: Estimates;
  readonly #runs: Map<RunState, Shown> = new Map();
  readonly #block: ReturnType<typeof createLogUpdate>;
  /** Told for good, not written yet. */
  #above: Line[] = [];
  #drawnAt = Number.NEGATIVE_INFINITY;
  #soon = false;
  #cancelTimer: () => void = () => {};
  #stopNoticing: () => void = () => {};
  /** Somebody wrote part of a line: the block waits until it ends. */
  #lineOpen = false;

  constructor(around: Surroundings, estimates: Estimates) {
    this.#around = around;
    this.#estimates = estimates;
    this.#block = createLogUpdate(new Screen(around.sink), { showCursor: true });
  }

  told(state: RunState, event: RunEvent): void {
    const { clock, telling } = this.#around;
    if (event.type === "run.start") {
      if (this.#runs.size === 0) this.#start();
      this.#runs.set(state, { offset: event.at - clock.now(), left: undefined, leftAgainAt: 0 });
      this.#drawnAt = clock.now();
    } else if (event.type === "task.end") {
      this.#above.push(...telling.failure(state, event));
    } else if (event.type === "task.unstored") {
      this.#above.push(...telling.unstored(state, event));
    } else if (event.type === "task.lost") {
      this.#above.push(...telling.lost(event));
    } else if (event.type === "task.released") {
      this.#above.push(...telling.unreleased(event));
    } else if (event.type === "run.end") {
      this.#above.push(...telling.end(state, event));
      this.#runs.delete(state);
      this.#draw();
      if (this.#runs.size === 0) this.#stop();
      return;
    }
    this.#drawSoon();
  }

  #start(): void {
    const { sink } = this.#around;
    const stopForeign = noticeForeignWrites(sink, {
      before: () => {
        this.#block.clear();
        // What happened before stands before; but not in the middle of somebody's line.
        if (!this.#lineOpen && !sink.stuck) this.#writeAbove();
      },
      after: (endsLine) => {
        this.#lineOpen = !endsLine;
        this.#drawSoon();
      },
    });
    const resized = (): void => this.#drawSoon();
    sink.stream.on?.("resize", resized);
    this.#stopNoticing = () => {
      stopForeign();
      sink.stream.off?.("resize", resized);
    };
  }

  #stop(): void {
    this.#cancelTimer();
    this.#soon = false;
    this.#stopNoticing();
    this.#lineOpen = false;
  }

  #drawSoon(): void {
    if (this.#soon || this.#runs.size === 0) return;
    this.#soon = true;
    const { clock } = this.#around;
    this.#drawAfter(Math.max(0, this.#drawnAt + DRAW_MS - clock.now()));
  }

  #drawAfter(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#around.clock.after(ms, () => {
      this.#soon = false;
      this.#draw();
      if (!this.#soon && this.#runs.size > 0) this.#drawAfter(IDLE_MS);
    });
  }

  #draw(): void {
    const { sink, paint, clock } = this.#around;
    this.#drawnAt = clock.now();
    const last = this.#runs.size === 0;
    // A terminal that was stopped (Ctrl-S): it has the rest in its buffer, more would only fill ours.
    if (sink.stuck && !last) return;
    if (this.#above.length > 0) {
      this.#block.clear();
      if (this.#lineOpen) sink.write("\n");
      this.#lineOpen = false;
      this.#writeAbove();
    }
    if (last || this.#lineOpen) return;
    const { columns, rows } = sink.size;
    // One column less, or some terminals break the line after the last sign.
    const size = { columns: columns - 1, lines: Math.max(1, Math.min(rows - 2, MOST_LINES)) };
    const lines = blockLines(this.#blockRuns(), size, this.#around.telling);
    this.#block(lines.map(paint).join("\n"));
  }

  #writeAbove(): void {
    const { sink, paint } = this.#around;
    sink.write(this.#above.map((line) => `${paint(line)}\n`).join(""));
    this.#above = [];
  }

  #blockRuns(): BlockRun[] {
    return Array.from(this.#runs, ([state, shown]) => {
      const now = this.#around.clock.now() + shown.offset;
      this.#estimate(state, shown, now);
      return { state, now, left: shown.left };
    });
  }

  #estimate(state: RunState, shown: Shown, now: number): void {
    const { clock } = this.#around;
    const started = clock.now();
    if (started < shown.leftAgainAt) return;
    shown.left = timeLeft(state, now, this.#estimates);
    const took = clock.now() - started;
    shown.leftAgainAt = clock.now() + Math.max(LEFT_MS, took * LEFT_PART);
  }
}

/** The sink as the stream that log-update writes to. */
class Screen extends Writable {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    super({ decodeStrings: false });
    this.#sink = sink;
  }

  get isTTY(): boolean {
    return true;
  }

  get columns(): number {
    return this.#sink.size.columns;
  }

  get rows(): number {
    return this.#sink.size.rows;
  }

  override _write(text: string, _: BufferEncoding, done: () => void): void {
    this.#sink.write(text);
    done();
  }
}
