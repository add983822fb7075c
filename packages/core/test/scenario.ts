/**
 * What the specifications of the engine share: work that writes down when it runs, gates that a test opens by hand, and
 * short ways to read a report. It checks nothing itself.
 */
import type {
  ExecutionReport,
  JournalEntry,
  SerializedReport,
  TaskContext,
  TaskStatistics,
} from "../src/index.ts";
import type { VirtualClock } from "../src/testing.ts";

export interface Work {
  /** On the virtual clock; without it the function is synchronous. */
  readonly ms?: number;
  readonly return?: unknown;
  /** A string becomes the message of an error. */
  readonly throw?: unknown;
  /** Goes on when it is asked to stop. */
  readonly deaf?: boolean;
}

/** Writes down what runs, in the order in which the functions themselves see it. */
export class Diary {
  readonly clock: VirtualClock;
  readonly started: string[] = [];
  readonly ended: string[] = [];
  readonly running: Set<string> = new Set();
  /** The most that ever ran at once. */
  peak = 0;
  /** Called with the name whenever something starts. */
  onStart: (name: string) => void = () => {};

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  /** The body of a task. */
  task(work: Work = {}): (inputs: unknown, context: TaskContext) => never {
    return (_, context) => this.#run(context, work) as never;
  }

  /** The body of a map. */
  item(work: Work = {}): (item: unknown, index: number, context: TaskContext) => never {
    return (_, __, context) => this.#run(context, work) as never;
  }

  #run(context: TaskContext, { ms, deaf, ...end }: Work): unknown {
    const { taskName, signal } = context;
    this.started.push(taskName);
    this.running.add(taskName);
    this.peak = Math.max(this.peak, this.running.size);
    this.onStart(taskName);
    const leave = (): void => {
      this.running.delete(taskName);
      this.ended.push(taskName);
    };
    const finish = (): unknown => {
      leave();
      if (!("throw" in end)) return end.return;
      throw typeof end.throw === "string" ? new Error(end.throw) : end.throw;
    };
    if (ms === undefined) return finish();
    return this.clock.wait(ms, deaf ? undefined : signal).then(finish, (reason: unknown) => {
      leave();
      throw reason;
    });
  }
}

/** A promise that the test settles. */
export class Gate<T = void> {
  readonly promise: Promise<T>;
  open!: (value: T) => void;
  fail!: (error: unknown) => void;
  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
  }
}

type AnyReport = Pick<ExecutionReport, "taskStatistics">;

/** A report with its outputs, as it comes back from a file. */
export function written(report: Pick<ExecutionReport, "toJSON">): SerializedReport {
  return JSON.parse(JSON.stringify(report.toJSON({ outputs: true })));
}

/** A journal that keeps what it is told as a file would, and forgets what was told to it after a crash. */
export class Notebook {
  readonly entries: JournalEntry[] = [];
  readonly journal = (entry: JournalEntry): void => {
    this.entries.push(JSON.parse(JSON.stringify(entry)));
  };

  /** The names of the tasks and items that it was told of. */
  get tasks(): string[] {
    return this.entries.filter(({ type }) => type === "completed").map(({ task }) => String(task));
  }

  /** The process was killed when the entry for the n-th task was told, or just after the first one. */
  cut(tasks: number): void {
    let left = tasks;
    const at = this.entries.findIndex(({ type }) => type === "completed" && left-- === 0);
    if (at !== -1) this.entries.length = at;
  }
}

/** Statuses by name. */
export function statuses(report: AnyReport): Record<string, string> {
  return Object.fromEntries(
    report.taskStatistics.map(({ taskName, status }) => [taskName, status]),
  );
}

export function row(report: AnyReport, name: string): TaskStatistics {
  const found = report.taskStatistics.find(({ taskName }) => taskName === name);
  if (found === undefined) throw new RangeError(`The report has no task "${name}"`);
  return found;
}

/** When each task was first called; `null` for those that never were. */
export function starts(report: AnyReport): Record<string, number | null> {
  return Object.fromEntries(
    report.taskStatistics.map(({ taskName, startAt }) => [taskName, startAt]),
  );
}

/** The statuses that a task can have once a run has settled. */
export const FINAL: readonly string[] = [
  "completed",
  "failed",
  "cancelled",
  "skipped",
  "restored",
  "detached",
  "abandoned",
];

/** What escapes while `during` runs: rejections that nobody handled, warnings of the process. */
export async function escaped(during: () => Promise<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const note = (what: unknown): void => {
    seen.push(what);
  };
  const before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
  process.on("warning", note);
  try {
    await during();
    // Node tells both after the turn in which they arise.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("warning", note);
    process.off("unhandledRejection", note);
    for (const listener of before) process.on("unhandledRejection", listener);
  }
  return seen;
}
