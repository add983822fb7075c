/** How far one run is, kept up to date event by event. Knows no screen, and no clock but the events' own. */
import type {
  AttemptInfo,
  LogLineStatistics,
  RunEvent,
  RunInfo,
  TaskInfo,
  TaskOutcome,
  TimeoutError,
} from "@astrum/core";
import { Inside } from "./inside.ts";

type Status = Extract<RunEvent, { type: "task.status" }>["to"];
export type FinalStatus = Exclude<Status, "waiting" | "ready" | "running" | "delayed">;

/** Mutable: an event comes seven times a task, and is to cost next to nothing. */
interface Observed {
  count: number;
  ms: number;
}

const LIVE: ReadonlySet<Status> = new Set<Status>(["waiting", "ready", "running", "delayed"]);

export function isFinal(status: Status): status is FinalStatus {
  return !LIVE.has(status);
}

/** What an attempt said last in its log. */
export interface Said {
  readonly startAt: number;
  readonly lines: LogLineStatistics[];
  /** So many lines there were before these. */
  before: number;
}

/** So many lines of it. */
const SAID_KEPT = 10;

export interface RunningAttempt {
  readonly attempt: AttemptInfo;
  readonly startAt: number;
  /** What the task said last. */
  readonly fraction: number | undefined;
  readonly message: string | undefined;
}

export class RunState {
  readonly run: RunInfo;
  readonly startAt: number;
  readonly inside: Inside = new Inside();
  /** Tail tasks are in no count: nobody waits for them. */
  #total = 0;
  #ended = 0;
  #attemptMs = 0;
  readonly #all: Observed = { count: 0, ms: 0 };
  readonly #itemsNamed: Map<string, Observed> = new Map();
  readonly #counts: Record<Status, number> = {
    waiting: 0,
    ready: 0,
    running: 0,
    delayed: 0,
    completed: 0,
    failed: 0,
    abandoned: 0,
    skipped: 0,
    cancelled: 0,
    restored: 0,
    detached: 0,
  };
  readonly #open: Map<string, TaskInfo> = new Map();
  readonly #running: Map<string, RunningAttempt> = new Map();
  readonly #goingOn: string[] = [];
  readonly #failed: Set<string> = new Set();
  readonly #said: Map<string, Said> = new Map();
  #tolerated = 0;
  #limitMs: number | undefined;

  constructor(run: RunInfo, startAt: number) {
    this.run = run;
    this.startAt = startAt;
  }

  /** Grows when a map learns its items. */
  get total(): number {
    return this.#total;
  }

  get ended(): number {
    return this.#ended;
  }

  /** Of those that have ended: what was skipped, or cancelled, is no progress. */
  get ran(): number {
    return this.#ended - this.#counts.skipped - this.#counts.cancelled;
  }

  /** Milliseconds in attempts that have ended. */
  get attemptMs(): number {
    return this.#attemptMs;
  }

  /** By key, in the order in which they were listed: a task after its dependencies, an item after its map. No tail tasks. */
  get open(): ReadonlyMap<string, TaskInfo> {
    return this.#open;
  }

  /** The one that runs longest first. */
  get running(): ReadonlyMap<string, RunningAttempt> {
    return this.#running;
  }

  /** Tail tasks that the run did not wait for. */
  get goingOn(): readonly string[] {
    return this.#goingOn;
  }

  /** The run's own time limit, once a task has ended because of it. */
  get limitMs(): number | undefined {
    return this.#limitMs;
  }

  /** Failures that the run tolerates, among those that are counted. */
  get tolerated(): number {
    return this.#tolerated;
  }

  /** What the last attempt of a task that failed said last, once. */
  takeLog(key: string): Said | undefined {
    const said = this.#said.get(key);
    this.#said.delete(key);
    return said;
  }

  failed(key: string): boolean {
    return this.#failed.has(key);
  }

  count(status: Status): number {
    return this.#counts[status];
  }

  /** Mean of the attempts of those of this name that completed, or of all that did; undefined before there is one. */
  meanMs(name: string): number | undefined {
    const { count, ms } = this.#itemsNamed.get(name) ?? this.#all;
    return count === 0 ? undefined : ms / count;
  }

  apply(event: RunEvent): void {
    switch (event.type) {
      case "task.status":
        this.#move(event.task, event.from, event.to);
        break;
      case "attempt.start": {
        const { attempt, at: startAt } = event;
        const running = { attempt, startAt, fraction: undefined, message: undefined };
        this.#said.delete(attempt.task.key);
        this.inside.started(attempt.task, startAt);
        this.#running.set(attempt.task.key, running);
        break;
      }
      case "attempt.progress": {
        const { attempt, fraction, message } = event;
        const running = this.#running.get(attempt.task.key);
        if (running === undefined) break;
        this.#running.set(attempt.task.key, { ...running, fraction, message });
        break;
      }
      case "attempt.log": {
        const { attempt, at, message, attributes } = event;
        const { key } = attempt.task;
        const startAt = this.#running.get(key)?.startAt ?? at;
        const said = this.#said.get(key) ?? { startAt, lines: [], before: 0 };
        said.lines.push({ at, message, ...(attributes && { attributes }) });
        if (said.lines.length > SAID_KEPT) {
          said.lines.shift();
          said.before++;
        }
        this.#said.set(key, said);
        break;
      }
      case "attempt.end": {
        const { attempt, outcome, durationMs } = event;
        this.#running.delete(attempt.task.key);
        this.#attemptMs += durationMs;
        if (outcome.status === "completed") this.#observe(attempt.task, durationMs);
        break;
      }
      case "task.end":
        this.#countInside(event);
        if ("tolerated" in event.outcome && event.task.kind !== "tail") this.#tolerated++;
        this.#limitMs ??= runLimitOf(event.outcome);
        if (!this.#failed.has(event.task.key)) this.#said.delete(event.task.key);
        break;
    }
  }

  #move(task: TaskInfo, from: Status | undefined, to: Status): void {
    if (task.kind === "tail") {
      if (to === "detached") this.#goingOn.push(task.key);
      return;
    }
    if (from === undefined) {
      this.#total++;
      this.#open.set(task.key, task);
      this.inside.listed(task);
    } else this.#counts[from]--;
    this.#counts[to]++;
    if (!isFinal(to)) return;
    this.#ended++;
    this.#open.delete(task.key);
    this.inside.ended(task);
    if (to === "skipped") this.inside.went(task, "skipped");
    if (to === "failed" || to === "abandoned") this.#failed.add(task.key);
  }

  #countInside({ task, outcome, attempts }: Extract<RunEvent, { type: "task.end" }>): void {
    if (outcome.status === "failed" || outcome.status === "abandoned")
      this.inside.went(task, "failed");
    if (attempts > 1) this.inside.went(task, "retried");
  }

  #observe({ name, key }: TaskInfo, ms: number): void {
    add(this.#all, ms);
    // Only items, and what is inside of them, share a name: what else completed does not come again.
    if (key === name) return;
    const items = this.#itemsNamed.get(name);
    if (items === undefined) this.#itemsNamed.set(name, { count: 1, ms });
    else add(items, ms);
  }
}

function runLimitOf(outcome: TaskOutcome): number | undefined {
  if (outcome.status !== "cancelled" && outcome.status !== "abandoned") return undefined;
  const { reason } = outcome;
  // By its code: another instance of the core may have made it.
  const { code, scope, limitMs } = (reason ?? {}) as Partial<TimeoutError>;
  return code === "ASTRUM_TIMEOUT" && scope === "run" ? limitMs : undefined;
}

function add(observed: Observed, ms: number): void {
  observed.count++;
  observed.ms += ms;
}
