/**
 * Real runs on a clock that does not wait: the source of the frozen reports, and of fresh ones that must still fit the
 * schema. Every kind of task, edge, status and reason occurs in `mixed`.
 */
import {
  after,
  DynamicScheduler,
  type ExecutionReport,
  flow,
  map,
  optional,
  type RunOptions,
  settled,
  type Task,
  type TaskOptions,
  task,
} from "@astrum/core";
import { type Step, scripted, VirtualClock } from "@astrum/core/testing";
import { hostileLabels } from "./hostile-labels.ts";

export type RunName =
  | "empty"
  | "one"
  | "mixed"
  | "hostile"
  | "large"
  | "cancelled"
  | "planning-failure";

const EPOCH = Date.UTC(2026, 10, 23, 15, 40);

/** `options` are added to those of the run. */
export async function runNamed(name: RunName, options: RunOptions = {}): Promise<ExecutionReport> {
  const clock = new VirtualClock(EPOCH);
  const common: RunOptions = { clock, runId: `run-${name}`, random: random(7), ...options };
  switch (name) {
    case "empty":
      return clock.run(flow("empty", {}).run(common));
    case "one": {
      const only = task("only", scripted(clock, { ms: 12.345, return: { rows: 3 } }));
      return clock.run(flow("one", { only }).run(common));
    }
    case "mixed":
      return mixed(clock, common);
    case "hostile":
      return layered(clock, common, {
        flow: "hostile </script> ]]> %%{init}%%",
        names: Array.from({ length: 300 }, (_, index) => hostileName(index)),
        concurrency: 6,
        seed: 4,
        failing: 0.03,
      });
    case "large":
      return layered(clock, common, {
        flow: "large",
        names: Array.from(
          { length: 10_000 },
          (_, index) => `task-${String(index).padStart(5, "0")}`,
        ),
        concurrency: 16,
        seed: 5,
        failing: 0.004,
      });
    case "cancelled":
      return cancelled(clock, common);
    default:
      return planningFailure(clock, common);
  }
}

function hostileName(index: number): string {
  const label = hostileLabels[index % hostileLabels.length] ?? "";
  const round = Math.floor(index / hostileLabels.length);
  return round === 0 ? label : `${label}~${round}`;
}

/** An error whose stack is the same on every machine. */
function failure(message: string, more: { code?: string; cause?: unknown } = {}): Error {
  const error = new Error(message, more.cause === undefined ? {} : { cause: more.cause });
  error.stack = `Error: ${message}\n    at load (/srv/app/src/load.ts:12:7)\n    at node:internal/process/task_queues:95:5`;
  return more.code === undefined ? error : Object.assign(error, { code: more.code });
}

interface Layered {
  readonly flow: string;
  readonly names: readonly string[];
  readonly concurrency: number;
  readonly seed: number;
  readonly failing: number;
}

async function layered(
  clock: VirtualClock,
  common: RunOptions,
  shape: Layered,
): Promise<ExecutionReport> {
  const next = random(shape.seed);
  const tasks: Task<unknown>[] = [];
  const options: TaskOptions = { retry: { attempts: 2, backoff: "fixed", baseMs: 5 } };
  for (const name of shape.names) {
    const inputs: Record<string, Task<unknown>> = {};
    for (let count = Math.floor(next() * 3); count > 0 && tasks.length > 0; count--) {
      const from = tasks[Math.max(0, tasks.length - 1 - Math.floor(next() * 40))];
      if (from !== undefined) inputs[`input${count}`] = from;
    }
    const ms = Math.round(1000 + next() * 100_000) / 1000;
    const boom = failure(`cannot finish ${name}`, {
      code: "ECONNRESET",
      cause: failure("socket \u001b[31mhang\u001b[0m up"),
    });
    const steps: Step[] = [{ ms, return: name.length }];
    const luck = next();
    if (luck < shape.failing) steps.splice(0, 1, { ms: ms / 2, throw: boom });
    else if (luck < 0.15) steps.unshift({ ms: Math.round(ms * 300) / 1000, throw: boom });
    tasks.push(task(name, inputs, scripted(clock, ...steps), options));
  }
  const roots = Object.fromEntries(tasks.map((one, index) => [`t${index}`, one]));
  return clock.run(
    flow(shape.flow, roots).run({ concurrency: shape.concurrency, failure: "continue", ...common }),
  );
}

async function mixed(clock: VirtualClock, common: RunOptions): Promise<ExecutionReport> {
  const next = random(3);
  const ms = (): number => Math.round(1000 + next() * 60_000) / 1000;
  const does = (...steps: Step[]): ReturnType<typeof scripted> => scripted(clock, ...steps);
  const discover = task(
    "discover",
    does({ ms: 20.5, return: Array.from({ length: 90 }, (_, index) => `file-${index}`) }),
    { tags: ["io"] },
  );
  const read = map(
    "read",
    discover,
    (file: string, index, context) => {
      if (index % 45 === 44)
        return does({ ms: 3, throw: failure(`EACCES: ${file}`, { code: "EACCES" }) })({}, context);
      if (index % 9 === 8 && context.attempt === 1)
        return does({ ms: 2, throw: failure(`EMFILE: ${file}`, { code: "EMFILE" }) })({}, context);
      return does({ ms: ms(), return: file.length })({}, context);
    },
    {
      concurrency: 6,
      retry: { attempts: 2, backoff: "exponential", baseMs: 4 },
      onFailure: "ignore",
    },
  );
  const sizes = map(
    "sizes",
    discover,
    (file: string, _, context) => does({ ms: 1 + file.length, return: file.length })({}, context),
    { concurrency: 3 },
  );
  const history = task("history", does({ ms: 30, return: [1, 2] }), {
    timeoutMs: 25,
    onFailure: "ignore",
  });
  const stuck = task("stuck", does({ ms: 400, ignoresSignal: true }), {
    timeoutMs: 10,
    onFailure: "ignore",
  });
  const flaky = task(
    "flaky",
    does(
      { ms: 4, throw: failure("first") },
      { ms: 5, throw: failure("second") },
      { ms: 6, return: "third" },
    ),
    { retry: { attempts: 3, backoff: "fixed", baseMs: 7 } },
  );
  const instant = task("instant", does({ return: 1 }));
  const chosen = task("chosen", { sizes }, does({ ms: 1 }), {
    when: () => ({ skip: "nothing changed since yesterday" }),
  });
  const broken = task(
    "broken",
    { sizes },
    does({
      ms: 9,
      throw: failure('cannot parse <config> & "values"', { cause: failure("unexpected token") }),
    }),
    { retry: 1 },
  );
  const behind = task("behind", { broken }, does({ ms: 1 }));
  const farther = task("farther", { behind }, does({ ms: 1 }));
  const verdict = task(
    "verdict",
    {
      read: settled(read),
      sizes,
      history: optional(history),
      flaky,
      _: after(instant),
      chosen: settled(chosen),
      stuck: settled(stuck),
    },
    (_: unknown, context) => {
      context.attributes.set("findings", 3);
      context.attributes.set("clean", false);
      return does({ ms: 15, return: { findings: 3 } })({}, context);
    },
    { tags: ["summary", "slow"], priority: 2 },
  );
  const layer = Array.from({ length: 104 }, (_, index) =>
    task(
      `check-${index}`,
      index % 3 === 0 ? { flaky } : index % 3 === 1 ? { instant, sizes } : {},
      does({ ms: ms(), return: index }),
      index % 4 === 0 ? { resources: { db: 1 } } : {},
    ),
  );
  const archive = task("archive", { verdict }, does({ ms: 5, return: "stored" }));
  const notify = task("notify", { verdict }, does({ ms: 5000, return: "sent" }));
  const roots = {
    verdict,
    farther,
    ...Object.fromEntries(layer.map((one, index) => [`check${index}`, one])),
  };
  return clock.run(
    flow("nightly", roots, { tails: { archive, notify } }).run({
      concurrency: 8,
      resources: { db: 2 },
      failure: "continue",
      graceMs: 20,
      attributes: { branch: "main", attempt: 2, release: true },
      ...common,
    }),
  );
}

async function cancelled(clock: VirtualClock, common: RunOptions): Promise<ExecutionReport> {
  const stop = new AbortController();
  clock.after(55, () => stop.abort(new Error("the user pressed Ctrl-C")));
  const first = Array.from({ length: 6 }, (_, index) =>
    task(`first-${index}`, scripted(clock, { ms: 10 * (index + 1), return: index })),
  );
  const deaf = task("deaf", scripted(clock, { ms: 90, ignoresSignal: true }));
  const second = first.map((one, index) =>
    task(`second-${index}`, { one }, scripted(clock, { ms: 30, return: index })),
  );
  const joined = task(
    "joined",
    Object.fromEntries(second.map((one, index) => [`input${index}`, one])),
    scripted(clock, { ms: 1 }),
  );
  return clock.run(
    flow("cancelled", { joined, deaf }).run({ concurrency: 3, signal: stop.signal, ...common }),
  );
}

async function planningFailure(clock: VirtualClock, common: RunOptions): Promise<ExecutionReport> {
  const a = { taskName: "extract", dependencies: [{ taskName: "load" }] };
  const b = { taskName: "load", dependencies: [{ taskName: "extract" }, { taskName: "trnsform" }] };
  const nothing = (): undefined => undefined;
  const scheduler = new DynamicScheduler(
    [
      ["extract", nothing],
      ["load", nothing],
      ["transform", nothing],
    ],
    [a, b, { taskName: "transform" }],
    common,
  );
  return clock.run(scheduler.execute());
}

/** Mulberry32: the same numbers everywhere. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}
