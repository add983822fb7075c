/**
 * The live block at the bottom of a terminal. What is told for good goes above it, in the order in which it happened; the
 * block is drawn again at most four times a second, and once a second when nothing happens. What others write takes it along:
 * the block goes away, the text comes and the block stands below it again, in the write that was theirs.
 *
 * The cursor is never hidden, so that there is nothing to restore, not even after a `kill -9`; the alternate screen is never
 * entered, so that nothing is lost with it. (Hiding it is also why a library must watch for signals, which keeps a program's own
 * `process.once("SIGINT")` from being the only one that decides.)
 */
import type { Clock, RunEvent } from "@astrum/core";
import type { Line } from "../wording/styled.ts";
import { type BlockRun, blockLines } from "./block.ts";
import { Children } from "./children.ts";
import type { Paint } from "./colour.ts";
import type { Display } from "./display.ts";
import { Expectation, type Expected } from "./expectation.ts";
import { noticeForeignWrites } from "./foreign-writes.ts";
import { OpenLine } from "./open-line.ts";
import { BEGIN_AT_ONCE, END_AT_ONCE, PlacedBlock, type Rest } from "./placed-block.ts";
import type { RunState } from "./run-state.ts";
import type { Sink } from "./sink.ts";
import type { Telling } from "./telling.ts";
import { type Estimates, type TimeLeft, timeLeft } from "./time-left.ts";

/** Often enough to be read. A drawing takes about a millisecond: the run comes between two of them. */
const DRAW_MS = 250;
const IDLE_MS = 1000;
const MOST_LINES = 12;
/** So many writes of others take the block along between two drawings; who writes more often than that is not slowed down. */
const TAKEN_ALONG = 100;
/** Looking at every open task takes time: at most once a second, and never more than a part in 500 of it. */
const LEFT_MS = 1000;
const LEFT_PART = 500;

/** How one observer's runs are told. */
export interface Voice {
  readonly paint: Paint;
  readonly telling: Telling;
  readonly estimates: Estimates;
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

interface Shown {
  readonly voice: Voice;
  /** From the clock of the display to that of the run's events. */
  readonly offset: number;
  readonly expectation: Expectation;
  left: TimeLeft | undefined;
  /** When that was worked out, and when it is to be again. */
  leftAt: number;
  leftAgainAt: number;
}

interface Frame {
  readonly lines: readonly string[];
  readonly size: Size;
}

export class LiveDisplay {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #runs: Map<RunState, Shown> = new Map();
  readonly #block: PlacedBlock = new PlacedBlock();
  /** What others have begun to write: the cursor stays at its end. */
  readonly #line: OpenLine = new OpenLine();
  readonly #children: Children = new Children(() => this.#draw());
  /** Told for good, not written yet. */
  #above = "";
  /** As it was drawn last. */
  #frame: Frame | undefined;
  #takenAlong = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #soon = false;
  #cancelTimer: () => void = () => {};
  #stopNoticing: () => void = () => {};

  private constructor(sink: Sink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  static readonly #displays: WeakMap<Sink, LiveDisplay> = new WeakMap();

  /** For a voice of its own: runs that are shown on one stream share a block, whoever shows them. */
  static on(sink: Sink, clock: Clock, voice: Voice): Display {
    const display = LiveDisplay.#displays.get(sink) ?? new LiveDisplay(sink, clock);
    LiveDisplay.#displays.set(sink, display);
    return { told: (state, event) => display.#told(state, event, voice) };
  }

  #told(state: RunState, event: RunEvent, voice: Voice): void {
    const now = this.#clock.now();
    if (event.type === "run.start") {
      if (this.#runs.size === 0) this.#start();
      const offset = event.at - now;
      this.#runs.set(state, {
        voice,
        offset,
        expectation: new Expectation(),
        left: undefined,
        leftAt: 0,
        leftAgainAt: 0,
      });
      this.#drawnAt = now;
    }
    for (const line of toldFor(event, state, voice.telling)) {
      this.#above += `${voice.paint(line)}\n`;
    }
    if (event.type !== "run.end") {
      this.#drawSoon();
      return;
    }
    this.#runs.delete(state);
    this.#draw();
    if (this.#runs.size === 0) this.#stop();
  }

  #start(): void {
    const { stream } = this.#sink;
    const stopForeign = noticeForeignWrites(this.#sink, (text) => this.#takeAlong(text));
    const resized = (): void => this.#drawSoon();
    stream.on?.("resize", resized);
    this.#children.watch();
    this.#stopNoticing = () => {
      stopForeign();
      this.#children.stop();
      stream.off?.("resize", resized);
    };
  }

  #stop(): void {
    this.#cancelTimer();
    this.#soon = false;
    this.#stopNoticing();
    this.#line.close();
    this.#frame = undefined;
  }

  #drawSoon(): void {
    if (this.#soon || this.#runs.size === 0) return;
    this.#soon = true;
    this.#drawAfter(Math.max(0, this.#drawnAt + DRAW_MS - this.#clock.now()));
  }

  #drawAfter(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(ms, () => {
      this.#soon = false;
      this.#draw();
      if (!this.#soon && this.#runs.size > 0) this.#drawAfter(IDLE_MS);
    });
  }

  #draw(): void {
    const sink = this.#sink;
    this.#drawnAt = this.#clock.now();
    this.#takenAlong = 0;
    const last = this.#runs.size === 0;
    // A terminal that was stopped (Ctrl-S): it has the rest in its buffer, more would only fill ours.
    if (sink.stuck && !last) return;
    const { columns } = sink.size;
    if (!last) this.#frame = this.#newFrame();
    const told = this.#above !== "";
    if (!(told || last) && this.#stands()) return;
    let text = this.#block.erase(columns);
    if (told) {
      if (!this.#line.closed) text += "\n";
      this.#line.close();
      text += this.#takeAbove();
    }
    if (!last) text += this.#placed();
    if (text !== "") sink.write(`${BEGIN_AT_ONCE}${text}${END_AT_ONCE}`);
  }

  /** What goes before and after a text that somebody else is about to write. */
  #takeAlong(text: string): readonly [before: string, after: string] {
    const { stuck, size } = this.#sink;
    let before = this.#block.erase(size.columns);
    // What happened before stands before; but not in the middle of somebody's line.
    if (this.#line.closed && !stuck) before += this.#takeAbove();
    this.#line.add(text);
    const after = stuck || this.#takenAlong === TAKEN_ALONG ? "" : this.#placed();
    this.#takenAlong = Math.min(TAKEN_ALONG, this.#takenAlong + 1);
    if (after !== "") return [`${BEGIN_AT_ONCE}${before}`, `${after}${END_AT_ONCE}`];
    this.#drawSoon();
    // Nothing comes after it: it may be half a character, or half an escape sequence.
    return [before, ""];
  }

  /** The block as it was drawn last, for where the cursor is now; empty where it cannot be shown. */
  #placed(): string {
    const { columns, rows } = this.#sink.size;
    if (this.#frame === undefined || !this.#line.surveyable(columns)) return "";
    const { size } = this.#frame;
    if (size.columns !== columns || size.rows !== rows) this.#frame = this.#newFrame();
    return this.#block.place(this.#frame.lines, columns, this.#rest);
  }

  /** What is to be drawn stands there already. */
  #stands(): boolean {
    const { columns } = this.#sink.size;
    return this.#frame !== undefined && this.#block.has(this.#frame.lines, columns, this.#rest);
  }

  /** Below the block, unless others go on writing at the end of what they have written. */
  get #rest(): Rest {
    return this.#line.closed && !this.#children.any ? "below" : "above";
  }

  #newFrame(): Frame {
    const { columns, rows } = this.#sink.size;
    // One column less, or some terminals break the line after the last sign.
    const room = { columns: columns - 1, lines: Math.max(1, Math.min(rows - 2, MOST_LINES)) };
    const lines = blockLines(this.#blockRuns(), room);
    const [{ voice } = {}] = this.#runs.values();
    return { lines: voice === undefined ? [] : lines.map(voice.paint), size: { columns, rows } };
  }

  #takeAbove(): string {
    const text = this.#above;
    this.#above = "";
    return text;
  }

  #blockRuns(): BlockRun[] {
    return Array.from(this.#runs, ([state, shown]) => {
      const now = this.#clock.now() + shown.offset;
      const left = this.#left(state, shown, now);
      return { state, now, left, telling: shown.voice.telling };
    });
  }

  #left(state: RunState, shown: Shown, now: number): Expected | undefined {
    const started = this.#clock.now();
    if (started >= shown.leftAgainAt) {
      shown.left = timeLeft(state, now, shown.voice.estimates);
      shown.leftAt = now;
      const ended = this.#clock.now();
      shown.leftAgainAt = ended + Math.max(LEFT_MS, (ended - started) * LEFT_PART);
    }
    const { left, leftAt } = shown;
    if (left === undefined) return undefined;
    return shown.expectation.said({ ...left, ms: Math.max(0, left.ms - (now - leftAt)) }, now);
  }
}

/** What of an event stays on the screen. */
function toldFor(event: RunEvent, state: RunState, telling: Telling): Line[] {
  switch (event.type) {
    case "task.end":
      return telling.failure(state, event);
    case "task.unstored":
      return telling.unstored(state, event);
    case "task.lost":
      return telling.lost(event);
    case "task.released":
      return telling.unreleased(event);
    case "run.end":
      return telling.end(state, event);
    default:
      return [];
  }
}
