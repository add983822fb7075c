/**
 * Progress as lines of a log: one for each task that ends, none for what ends well inside of a map or a flow (that counts
 * it), and a sign of life when nothing ended for half a minute, because continuous integration ends what is silent. Never moves a cursor.
 */

import type { Clock, RunEvent } from "@astrum/core";
import { plural } from "../layout/sections.ts";
import { duration } from "../wording/duration.ts";
import { STATUS_SIGN } from "../wording/outcome.ts";
import type { Line, Meaning } from "../wording/styled.ts";
import type { Paint } from "./colour.ts";
import type { Display } from "./display.ts";
import { type FinalStatus, isFinal, type RunState } from "./run-state.ts";
import type { Sink } from "./sink.ts";
import type { Telling } from "./telling.ts";

type TaskEnd = Extract<RunEvent, { type: "task.end" }>;
type TaskStatus = Extract<RunEvent, { type: "task.status" }>;

const SILENCE_MS = 30_000;

const MEANING: Readonly<Record<FinalStatus, Meaning>> = {
  completed: "good",
  restored: "good",
  failed: "bad",
  abandoned: "bad",
  cancelled: "warning",
  skipped: "warning",
  detached: "faint",
};

interface Surroundings {
  readonly sink: Sink;
  readonly paint: Paint;
  readonly clock: Clock;
  readonly telling: Telling;
}

export class PlainDisplay implements Display {
  readonly #around: Surroundings;
  readonly #runs: Set<RunState> = new Set();
  #writtenAt = 0;
  #cancelTimer: () => void = () => {};

  constructor(around: Surroundings) {
    this.#around = around;
  }

  told(state: RunState, event: RunEvent): void {
    switch (event.type) {
      case "run.start": {
        this.#runs.add(state);
        if (this.#runs.size === 1) this.#listen(SILENCE_MS);
        const { flow, taskCount, concurrency } = event.run;
        const atOnce = concurrency === undefined ? "" : `, at most ${concurrency} at once`;
        const name = this.#around.telling.name(flow);
        this.#write([[["title", name], `: ${plural(taskCount, "task")}${atOnce}`]]);
        break;
      }
      case "task.status":
        this.#neverStarted(state, event);
        break;
      case "task.end":
        this.#taskEnded(state, event);
        break;
      case "task.unstored": {
        const lines = this.#around.telling.unstored(state, event);
        if (lines.length > 0) this.#write(lines);
        break;
      }
      case "task.lost":
        this.#write(this.#around.telling.lost(event));
        break;
      case "task.released": {
        const lines = this.#around.telling.unreleased(event);
        if (lines.length > 0) this.#write(lines);
        break;
      }
      case "run.end":
        this.#write(this.#around.telling.end(state, event));
        this.#runs.delete(state);
        if (this.#runs.size === 0) this.#cancelTimer();
        break;
    }
  }

  /** Of such a task there is no `task.end`. */
  #neverStarted(state: RunState, { task, from, to, cause }: TaskStatus): void {
    if (!isFinal(to) || from !== "waiting" || !NEVER_STARTED.has(to)) return;
    // What is inside of a flow is counted by that.
    if (task.parent !== undefined && task.kind !== "item") return;
    // What merely came before is no reason.
    const blamed = cause !== undefined && state.failed(cause);
    const why = !blamed ? "" : `, because of ${this.#around.telling.name(cause)}`;
    this.#write([
      [this.#count(state), this.#sign(to), this.#around.telling.label(task), `: ${to}${why}`],
    ]);
  }

  #taskEnded(state: RunState, event: TaskEnd): void {
    const { task, outcome, attempts, durationMs } = event;
    const { telling } = this.#around;
    const [head, ...stack] = telling.failure(state, event);
    // What did not fail inside of a map or a flow is counted by that; a tail that goes on is told of at the end.
    if (head === undefined && (task.parent !== undefined || outcome.status === "detached")) return;
    const said = head ?? [this.#sign(outcome.status), telling.label(task)];
    const inside = state.inside.of(task.key);
    const what = inside.flow
      ? `${plural(inside.total, "task")} inside`
      : plural(inside.total, "item");
    const notes = [
      ...(head !== undefined || outcome.status === "completed" ? [] : [outcome.status]),
      ...(head === undefined && attempts > 1 ? [plural(attempts, "attempt")] : []),
      ...(task.kind === "map" || inside.flow ? [what] : []),
      ...(inside.failed > 0 ? [`${inside.failed} failed`] : []),
      ...(inside.skipped > 0 && inside.flow ? [`${inside.skipped} skipped`] : []),
      ...(inside.retried > 0 ? [`${inside.retried} retried`] : []),
    ];
    const told = notes.length === 0 ? "" : `  (${notes.join(", ")})`;
    this.#write([[this.#count(state), ...said, `  ${duration(durationMs)}${told}`], ...stack]);
  }

  #count({ ended, total, run }: RunState): string {
    const whose = this.#runs.size > 1 ? `${this.#around.telling.name(run.flow)} ` : "";
    return `${whose}[${String(ended).padStart(String(total).length)}/${total}] `;
  }

  #sign(status: FinalStatus): Line[number] {
    return [MEANING[status], `${STATUS_SIGN[status]} `];
  }

  #write(lines: readonly Line[]): void {
    const { sink, paint, clock } = this.#around;
    this.#writtenAt = clock.now();
    sink.write(lines.map((line) => `${paint(line)}\n`).join(""));
  }

  #listen(ms: number): void {
    const { clock } = this.#around;
    this.#cancelTimer = clock.after(ms, () => {
      const silent = clock.now() - this.#writtenAt;
      if (silent >= SILENCE_MS) for (const state of this.#runs) this.#signOfLife(state);
      this.#listen(silent >= SILENCE_MS ? SILENCE_MS : SILENCE_MS - silent);
    });
  }

  #signOfLife(state: RunState): void {
    const [longest] = state.running.keys();
    const more = state.running.size - 1;
    const what =
      longest === undefined
        ? "nothing running"
        : `running: ${this.#around.telling.name(longest)}${more > 0 ? ` and ${more} more` : ""}`;
    this.#write([[this.#count(state), ["faint", what]]]);
  }
}

const NEVER_STARTED: ReadonlySet<FinalStatus> = new Set<FinalStatus>([
  "skipped",
  "restored",
  "cancelled",
]);
