/**
 * What can become of a task, of an attempt, of a scope: three tables, row by row as they stand in docs/machine.md. They
 * are constants: what may happen is read here, what happens is done by whoever reads. They know no run.
 */

// ---- task: its state, finer than the status that is shown ------------------------------------------------------------

export const WAITING = 0;
export const QUEUED = 1;
export const RUNNING = 2;
export const DELAYED = 3;
// Final, and never left.
export const COMPLETED = 4;
export const FAILED = 5;
export const CANCELLED = 6;
export const SKIPPED = 7;
export const RESTORED = 8;
/** Only in reports: a tail task that had not ended when the run had. */
export const DETACHED = 9;
export const ABANDONED = 10;
// Not final, and shown as another state is.
/** Its inputs are resolved and its condition is asked; the answer is awaited. */
export const ASKING = 11;
/** It has no attempt: its items are open. */
export const INSIDE = 12;
/** Nor has it any more open items: its result is being stored. */
export const ENDING = 13;
/** A loop, one of whose flows has ended: whether that was the last one is being asked, or which one comes next. */
export const BETWEEN = 14;

export function isFinal(state: number): boolean {
  return state >= COMPLETED && state <= ABANDONED;
}

/** A row for each state that is not final: what it is shown as, and what becomes of a task in it that is told to stop. */
export const TASK = {
  waiting: {
    shown: "waiting",
    stopped: "skipped",
    drained: "skipped",
    calledOff: "cancelled",
    lost: "failing",
  },
  asking: {
    shown: "waiting",
    stopped: "skipped",
    drained: "skipped",
    calledOff: "cancelled",
    lost: "failing",
  },
  queued: {
    shown: "ready",
    stopped: "cancelled",
    drained: "cancelled, or failing",
    calledOff: "cancelled",
    lost: "failing",
  },
  running: {
    shown: "running",
    stopped: "asked",
    drained: "let end",
    calledOff: "asked",
    lost: "asked",
  },
  delayed: {
    shown: "delayed",
    stopped: "cancelled",
    drained: "cancelled, or failing",
    calledOff: "cancelled",
    lost: "failing",
  },
  inside: {
    shown: "running",
    stopped: "as its rows",
    drained: "as its rows",
    calledOff: "as its rows",
    lost: "as its rows",
  },
  ending: {
    shown: "running",
    stopped: "let end",
    drained: "let end",
    calledOff: "let end",
    lost: "let end",
  },
  between: {
    shown: "running",
    stopped: "cancelled",
    drained: "let end",
    calledOff: "cancelled",
    lost: "failing",
  },
} as const;

type TaskRow = (typeof TASK)[keyof typeof TASK];
/** How a task is told to stop: with all others, by what stops at once or what lets end; alone; or since what it reads is lost. */
export type Told = Exclude<keyof TaskRow, "shown">;

/** What that means for a task in this state; nothing when it is final. */
export function effectOf(state: number, told: Told): TaskRow[Told] | undefined {
  return ROWS[state]?.[told];
}

/** By code; final states have none. */
const ROWS: readonly (TaskRow | undefined)[] = [
  TASK.waiting,
  TASK.queued,
  TASK.running,
  TASK.delayed,
  ...new Array<undefined>(7),
  TASK.asking,
  TASK.inside,
  TASK.ending,
  TASK.between,
];

/** What each state is shown as, by code: the names of the statuses. */
export const STATUSES = [
  "waiting",
  "ready",
  "running",
  "delayed",
  "completed",
  "failed",
  "cancelled",
  "skipped",
  "restored",
  "detached",
  "abandoned",
  "waiting",
  "running",
  "running",
  "running",
] as const;

/** The code that is told for each: the first that is shown the same. */
export const SHOWN: readonly number[] = STATUSES.map((status) => STATUSES.indexOf(status));

/** What rooms hand back of a task that is done. */
export type Conclusion =
  | "completed"
  | "failing"
  | "abandoned, failing"
  | "abandoned"
  | "cancelled"
  | "restored"
  | "skipped";

/** The final state that each gives. */
export const CONCLUDED: Readonly<Record<Conclusion, number>> = {
  completed: COMPLETED,
  failing: FAILED,
  "abandoned, failing": ABANDONED,
  abandoned: ABANDONED,
  cancelled: CANCELLED,
  restored: RESTORED,
  skipped: SKIPPED,
};

export type Failing = Extract<Conclusion, "failing" | "abandoned, failing">;

/** Whether it is a failure, for whoever must know what that means for the run. */
export function isFailing(conclusion: Conclusion): conclusion is Failing {
  return conclusion === "failing" || conclusion === "abandoned, failing";
}

// ---- attempt: what its end means, by what was asked of it before ----------------------------------------------------

/** A row each for what was asked of an attempt, the stronger further down. */
export const ATTEMPT = {
  open: {
    returned: "completed",
    skipped: "skipped",
    threw: "again, or failing",
    abandoned: undefined,
  },
  /** Nothing, but whoever stopped it has spared it: it is uninterruptible. */
  spared: {
    returned: "completed",
    skipped: "skipped",
    threw: "failing",
    abandoned: "abandoned",
  },
  /** By its own time limit. */
  limited: {
    returned: "again, or failing",
    skipped: "again, or failing",
    threw: "again, or failing",
    abandoned: "abandoned, failing",
  },
  /** By the deadline of its task. */
  overdue: {
    returned: "failing",
    skipped: "failing",
    threw: "failing",
    abandoned: "abandoned, failing",
  },
  /** Because what it reads is lost. */
  lost: {
    returned: "failing",
    skipped: "failing",
    threw: "failing",
    abandoned: "abandoned, failing",
  },
  /** By anything else. */
  stopped: {
    returned: "cancelled",
    skipped: "cancelled",
    threw: "cancelled",
    abandoned: "abandoned",
  },
} as const;

export type Asked = keyof typeof ATTEMPT;
/** How the driver says that an attempt has ended. */
export type End = keyof (typeof ATTEMPT)[Asked];

// ---- scope: who may start in it, by what has happened to it ---------------------------------------------------------

/** A phase each; a scope only ever goes down. */
export const SCOPE = {
  open: { main: "start", finally: "gated", tails: "start" },
  draining: { main: "let end", finally: "gated", tails: "those begun go on" },
  failed: { main: "asked", finally: "gated", tails: "those begun go on" },
  stopped: { main: "asked", finally: "gated", tails: "asked" },
  closing: { main: "none left", finally: "start", tails: "those begun go on" },
} as const;

export type Phase = keyof typeof SCOPE;
/** What a row is to its run: waited for, waited for and started after all others, or not waited for. */
export type Role = keyof (typeof SCOPE)[Phase];
