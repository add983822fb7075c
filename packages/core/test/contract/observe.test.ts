import { AsyncLocalStorage } from "node:async_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { seenObservers } from "../../src/doors/seen-observers.ts";
import {
  type AttemptInfo,
  after,
  type FinalStatus,
  flow,
  flushObservers,
  fromEvents,
  type LiveStatus,
  map,
  type Observer,
  placementOf,
  RunAbortedError,
  type RunEvent,
  type Runner,
  type RunScope,
  registerGlobalObserver,
  type SerializedReport,
  type StatusEvent,
  subflow,
  type TaskContext,
  type TaskOutcome,
  type TaskScope,
  type TaskStatistics,
  task,
} from "../../src/index.ts";
import { scripted, VirtualClock } from "../../src/testing.ts";
import { chance, hostileObserver } from "../hostile-observer.ts";
import { escaped, Gate } from "../scenario.ts";

/** A row, which is a view, as the plain object that it stands for. */
interface Copied {
  toJSON(): TaskStatistics;
}

/** Writes down every hook it is called through. */
function witness(name: string, log: string[]): Observer {
  return {
    name,
    run({ run }) {
      log.push(`${name}: run ${run.flow}`);
      return {
        around(proceed) {
          log.push(`${name}: around run {`);
          proceed();
          log.push(`${name}: } run`);
        },
        status: ({ task, from = "-", to }) => log.push(`${name}: ${task.key} ${from} > ${to}`),
        task({ task }) {
          log.push(`${name}: task ${task.key}`);
          return {
            attempt({ attempt }) {
              log.push(`${name}: attempt ${task.key} ${attempt.number}`);
              return {
                around(proceed) {
                  log.push(`${name}: around attempt {`);
                  proceed();
                  log.push(`${name}: } attempt`);
                },
                progress: ({ fraction }) => log.push(`${name}: progress ${fraction}`),
                end: ({ outcome }) => log.push(`${name}: attempt ${task.key} ${outcome.status}`),
              };
            },
            end: ({ outcome }) => log.push(`${name}: task ${task.key} ${outcome.status}`),
          };
        },
        end: ({ executionState }) => log.push(`${name}: run ${executionState}`),
      };
    },
  };
}

/** An observer with one hook at one depth, which is what a test is about. */
function observing(hooks: {
  run?: (event: { run: object }) => void;
  status?: (event: StatusEvent) => unknown;
  around?: RunScope["around"];
  runEnd?: () => unknown;
  attempt?: TaskScope["attempt"];
  taskEnd?: TaskScope["end"];
}): Observer {
  const { run, status, around, runEnd, attempt, taskEnd } = hooks;
  return {
    name: "under test",
    run(event) {
      run?.(event);
      return {
        ...(status && { status: status as RunScope["status"] }),
        ...(around && { around }),
        task: () => ({ ...(attempt && { attempt }), ...(taskEnd && { end: taskEnd }) }),
        ...(runEnd && { end: runEnd as RunScope["end"] }),
      } as RunScope;
    },
  };
}

/** Events of a run as short lines. */
function told(log: string[]): Observer {
  return fromEvents("told", (event) => log.push(line(event)));
}

function line(event: RunEvent): string {
  switch (event.type) {
    case "run.start":
      return `run.start ${event.run.flow}`;
    case "run.end":
      return `run.end ${event.executionState}`;
    case "task.status":
      return `status ${event.task.key} ${event.from ?? "-"} > ${event.to}`;
    case "task.lost":
      return `lost ${event.task.key}`;
    case "task.released":
      return `released ${event.task.key}`;
    case "task.unstored":
      return `unstored ${event.task.key}`;
    case "task.end":
      return `task.end ${event.task.key} ${event.outcome.status}`;
    case "attempt.progress":
      return `progress ${event.attempt.task.key} ${event.fraction} ${event.message}`;
    case "attempt.log":
      return `log ${event.attempt.task.key} ${event.message}`;
    case "attempt.start":
      return `attempt.start ${event.attempt.task.key}#${event.attempt.number}`;
    case "attempt.end":
      return `attempt.end ${event.attempt.task.key}#${event.attempt.number} ${event.outcome.status}${event.willRetry ? ` again in ${event.delayMs}` : ""}`;
  }
}

/** How many tasks have each status, from status events alone. */
class Gauges {
  readonly live: Record<LiveStatus, number> = { waiting: 0, ready: 0, running: 0, delayed: 0 };
  readonly final: Partial<Record<FinalStatus, number>> = {};
  lowest = 0;
  readonly observer: Observer = observing({
    status: ({ from, to }) => {
      if (from !== undefined) this.live[from]--;
      if (to in this.live) this.live[to as LiveStatus]++;
      else this.final[to as FinalStatus] = (this.final[to as FinalStatus] ?? 0) + 1;
      this.lowest = Math.min(this.lowest, ...Object.values(this.live));
    },
  });
}

const EMPTY = { waiting: 0, ready: 0, running: 0, delayed: 0 };

/** A run that meets every status: retried, mapped, failed, skipped, ignored, cancelled, detached. */
function everything(clock: VirtualClock, seed = 0) {
  const random = chance(seed);
  const ms = (): number => Math.floor(random() * 20);
  const list = task("list", () => [1, 2, 3]);
  const items = map(
    "items",
    list,
    async (item, index, { attempt }) => {
      await clock.wait(ms());
      if (index === 1 && attempt === 1) throw new Error("first try");
      return item * 2;
    },
    { retry: { attempts: 2, backoff: () => seed % 3 }, concurrency: 2 },
  );
  const flaky = task("flaky", scripted(clock, { throw: "no" }, { ms: ms(), return: "yes" }), {
    retry: { attempts: 3, baseMs: 5, backoff: "exponential" },
  });
  const lost = task("lost", scripted(clock, { ms: ms(), throw: "lost" }), { onFailure: "ignore" });
  const never = task("never", { lost }, () => "never");
  const maybe = task("maybe", { list }, () => "no", { when: () => false });
  const end = task("end", { items, flaky, _: after(list) }, ({ items, flaky }) => [items, flaky]);
  const tail = task("tail", { list }, scripted(clock, { ms: 1000 }));
  return flow("everything", { end, never, maybe }, { tails: { tail } });
}

describe("An observed run", () => {
  it("is told in scopes: start hooks in order of registration, end hooks in reverse", async () => {
    const log: string[] = [];
    const one = task("one", () => 1);
    const observers = [witness("a", log), witness("b", log)];
    await flow("f", { one }).run({ observers });
    expect(log).toEqual([
      "a: run f",
      "b: run f",
      "a: one - > waiting",
      "b: one - > waiting",
      "a: one waiting > ready",
      "b: one waiting > ready",
      "a: task one",
      "b: task one",
      "a: one ready > running",
      "b: one ready > running",
      "a: attempt one 1",
      "b: attempt one 1",
      "a: around run {",
      "a: around attempt {",
      "b: around run {",
      "b: around attempt {",
      "b: } attempt",
      "b: } run",
      "a: } attempt",
      "a: } run",
      "b: attempt one completed",
      "a: attempt one completed",
      "a: one running > completed",
      "b: one running > completed",
      "b: task one completed",
      "a: task one completed",
      "b: run completed",
      "a: run completed",
    ]);
  });

  it("tells retried attempts one by one, with the delay before the next", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const flaky = task("flaky", scripted(clock, { throw: "1" }, { throw: "2" }, { return: 3 }), {
      retry: { attempts: 3, baseMs: 10, backoff: "exponential" },
    });
    await clock.run(flow("f", { flaky }).run({ clock, observers: [told(log)] }));
    expect(log).toEqual([
      "run.start f",
      "status flaky - > waiting",
      "status flaky waiting > ready",
      "status flaky ready > running",
      "attempt.start flaky#1",
      "attempt.end flaky#1 failed again in 10",
      "status flaky running > delayed",
      "status flaky delayed > ready",
      "status flaky ready > running",
      "attempt.start flaky#2",
      "attempt.end flaky#2 failed again in 20",
      "status flaky running > delayed",
      "status flaky delayed > ready",
      "status flaky ready > running",
      "attempt.start flaky#3",
      "attempt.end flaky#3 completed",
      "status flaky running > completed",
      "task.end flaky completed",
      "run.end completed",
    ]);
  });

  it("goes from attempt to attempt without a change of status when a retry has no delay", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const flaky = task("flaky", scripted(clock, { throw: "1" }, { return: 2 }), { retry: 1 });
    await clock.run(flow("f", { flaky }).run({ clock, observers: [told(log)] }));
    expect(log.slice(3, -1)).toEqual([
      "status flaky ready > running",
      "attempt.start flaky#1",
      "attempt.end flaky#1 failed again in 0",
      "attempt.start flaky#2",
      "attempt.end flaky#2 completed",
      "status flaky running > completed",
      "task.end flaky completed",
    ]);
  });

  it("says of every task what kind it is: an observer that counts or estimates must know", async () => {
    const kinds: Record<string, string> = {};
    const list = task("list", () => ["x"]);
    const items = map("items", list, (item) => item);
    const seen = fromEvents("seen", (event) => {
      if (event.type === "task.status") kinds[event.task.key] = event.task.kind;
    });
    await flow("f", { items }, { tails: { after: task("after", { items }, () => 0) } }).run({
      observers: [seen],
    });
    expect(kinds).toEqual({ list: "task", items: "map", "items[0]": "item", after: "tail" });
  });

  it("lists the items of a map under their keys and their map's name, after the map has begun", async () => {
    const infos: unknown[] = [];
    const log: string[] = [];
    const list = task("list", () => ["x", "y"]);
    const items = map("items", list, (item) => item);
    const seen = fromEvents("seen", (event) => {
      if (event.type !== "attempt.start" || event.attempt.task.parent === undefined) return;
      const { name, key, parent, stage, dependencies } = event.attempt.task;
      infos.push({ name, key, parent, stage, dependencies });
    });
    await flow("f", { items }).run({ observers: [told(log), seen] });
    const item = { name: "items", parent: "items", stage: null, dependencies: [] };
    expect(infos).toEqual([
      { ...item, key: "items[0]" },
      { ...item, key: "items[1]" },
    ]);
    expect(log.filter((one) => /items.*(-|waiting) >|task.end items/.test(one))).toEqual([
      "status items - > waiting",
      "status items[0] - > waiting",
      "status items[1] - > waiting",
      "status items waiting > running",
      "status items[0] waiting > ready",
      "status items[1] waiting > ready",
      "task.end items[0] completed",
      "task.end items[1] completed",
      "task.end items completed",
    ]);
  });

  it("tells of a task inside of others once those have begun, the outermost first", async () => {
    const log: string[] = [];
    const deep = flow("deep", { leaf: task("leaf", () => 1) });
    const inner = subflow("inner", flow("middle", { deep: subflow("deep", deep) }));
    const grown = task("grown", () => flow("middle", { deep: subflow("deep", deep) }));
    await flow("f", { inner, grown }).run({ observers: [told(log)] });
    expect(log.filter((one) => /waiting > /.test(one))).toEqual([
      "status inner waiting > running",
      "status inner.deep waiting > running",
      "status inner.deep.leaf waiting > ready",
      "status grown waiting > ready",
      "status grown.deep waiting > running",
      "status grown.deep.leaf waiting > ready",
    ]);
  });

  it("opens no task that is skipped, and says whose end ruled it out", async () => {
    const ends: unknown[] = [];
    const skipped: StatusEvent[] = [];
    const bad = task("bad", () => Promise.reject(new Error("bad")));
    const next = task("next", { bad }, () => 1);
    const observer = observing({
      status: (event) => event.to === "skipped" && skipped.push(event),
      taskEnd: ({ task }) => void ends.push(task.key),
    });
    await flow("f", { next }).run({ failure: "continue", observers: [observer] });
    expect(ends).toEqual(["bad"]);
    expect(skipped).toMatchObject([{ task: { key: "next" }, from: "waiting", cause: "bad" }]);
  });

  it("says whose end released a task, also when its inputs had to be prepared first", async () => {
    const clock = new VirtualClock();
    const causes: Record<string, string | undefined> = {};
    const quick = task("quick", scripted(clock, { ms: 5 }));
    const slow = task("slow", scripted(clock, { ms: 10, return: [1] }));
    const plain = task("plain", { quick, slow }, () => 1);
    const asked = task("asked", { slow, quick }, () => 1, { when: () => true });
    const items = map("items", slow, () => 1);
    const observer: Observer = {
      name: "causes",
      run: () => ({
        task: ({ task, cause }) => {
          causes[task.key] = cause;
        },
      }),
    };
    await clock.run(flow("f", { plain, asked, items }).run({ clock, observers: [observer] }));
    const by = { plain: "slow", asked: "slow", items: "slow", "items[0]": "slow" };
    expect(causes).toEqual({ quick: undefined, slow: undefined, ...by });
  });

  it("says in its last event what the report says", async () => {
    const clock = new VirtualClock();
    let last: RunEvent | undefined;
    const observer = fromEvents("last", (event) => {
      last = event;
    });
    const error = new Error("broken");
    const good = task("good", () => 1);
    const bad = task("bad", { good }, () => {
      throw error;
    });
    const next = task("next", { bad }, () => 1);
    const options = { clock, runId: "r1", attributes: { tenant: 7 }, observers: [observer] };
    const report = await flow("f", { next }).run(options);
    expect(last).toMatchObject({
      type: "run.end",
      executionState: report.executionState,
      run: { runId: "r1", flow: "f", taskCount: 3, stageCount: 3, attributes: { tenant: 7 } },
      counts: { completed: 1, failed: 1, skipped: 1, cancelled: 0, restored: 0 },
      firstFailure: { task: "bad" },
    });
    expect((last as { firstFailure?: { error: unknown } }).firstFailure?.error).toBe(error);
  });

  it("hand on the verdict of the core: tolerated or not, timed out or called off", async () => {
    const clock = new VirtualClock();
    const outcomes: Record<string, unknown> = {};
    const attempts: TaskOutcome[] = [];
    let last: RunEvent | undefined;
    const observer = fromEvents("verdicts", (event) => {
      if (event.type === "task.end") outcomes[event.task.key] = event.outcome;
      if (event.type === "attempt.end") attempts.push(event.outcome);
      last = event;
    });
    const deaf = scripted(clock, { ms: 90, ignoresSignal: true });
    const tolerant = { onFailure: "ignore" } as const;
    const late = task("late", deaf, { timeoutMs: 10, ...tolerant });
    const off = task("off", deaf, tolerant);
    const small = task("small", scripted(clock, { ms: 1, throw: "so what" }), tolerant);
    const large = task("large", scripted(clock, { ms: 30, throw: "broken" }));
    const options = { clock, graceMs: 5, observers: [observer] };
    const run = flow("f", { late, off, small, large }).start(options);
    clock.after(5, () => run.cancelTask("off"));
    await clock.run(run.report);
    expect(outcomes).toMatchObject({
      late: { status: "abandoned", timedOut: true, tolerated: true },
      off: { status: "abandoned", timedOut: false },
      small: { status: "failed", timedOut: false, tolerated: true },
      large: { status: "failed", timedOut: false },
    });
    expect(outcomes.off).not.toHaveProperty("tolerated");
    expect(outcomes.large).not.toHaveProperty("tolerated");
    // Only of a task is it known that it has failed for good.
    for (const outcome of attempts) expect(outcome).not.toHaveProperty("tolerated");
    expect(last).toMatchObject({ toleratedFailures: 2, firstFailure: { task: "large" } });
  });

  it("tells durations and waiting times by the run's own clock", async () => {
    const clock = new VirtualClock(1_000_000);
    const events: RunEvent[] = [];
    const first = task("first", scripted(clock, { ms: 30 }));
    const second = task("second", scripted(clock, { ms: 20 }));
    const observers = [fromEvents("events", (event) => events.push(event))];
    await clock.run(flow("f", { first, second }).run({ clock, concurrency: 1, observers }));
    const of = (type: string): RunEvent[] => events.filter((event) => event.type === type);
    expect(of("attempt.start")).toMatchObject([
      { at: 1_000_000, waitedMs: 0 },
      { at: 1_000_030, waitedMs: 30 },
    ]);
    expect(of("task.end")).toMatchObject([
      { at: 1_000_030, queuedMs: 0, durationMs: 30, attempts: 1 },
      { at: 1_000_050, queuedMs: 30, durationMs: 20, attempts: 1 },
    ]);
    expect(of("run.end")).toMatchObject([{ at: 1_000_050, durationMs: 50 }]);
  });

  it("passes progress on, bounded, while the attempt runs and not after", async () => {
    const log: string[] = [];
    let late = (_: number): void => {};
    const one = task("one", (_, { progress }) => {
      progress(0.5, "half");
      progress(7);
      progress(Number.NaN);
      late = progress;
    });
    await flow("f", { one }).run({ observers: [told(log)] });
    late(1);
    expect(log.filter((entry) => entry.startsWith("progress"))).toEqual([
      "progress one 0.5 half",
      "progress one 1 undefined",
    ]);
  });

  it("passes progress on as a number and a text, whatever a function says", async () => {
    const log: string[] = [];
    const refuse = (): never => {
      throw new Error("do not look at me");
    };
    const hostile = [
      Object.create(null),
      Symbol("sign"),
      5n,
      { toString: refuse },
      new Proxy({}, { get: refuse, getPrototypeOf: refuse }),
    ];
    const one = task("one", (_, context) => {
      const progress = context.progress as (...told: unknown[]) => void;
      for (const one of [...hostile, "0.5", null]) progress(one, "no number");
      for (const one of hostile) progress(0.5, one);
    });
    const report = await flow("f", { one }).run({ observers: [told(log)] });
    expect(report.observerErrors ?? []).toEqual([]);
    expect(report.executionState).toBe("completed");
    expect(log.filter((entry) => entry.startsWith("progress"))).toEqual([
      "progress one 0.5 an object",
      "progress one 0.5 Symbol(sign)",
      "progress one 0.5 5n",
      "progress one 0.5 an object",
      "progress one 0.5 an object",
    ]);
  });

  it("collects from every observer what an attempt takes along, and tells where it ran", async () => {
    const executors: string[] = [];
    const carriers: unknown[] = [];
    const injecting = (name: string): Observer => ({
      ...observing({
        attempt: () => ({
          inject: (carrier) => void Object.assign(carrier, { [name]: "here" }),
          end: ({ attempt }) => void executors.push(attempt.executor),
        }),
      }),
      name,
    });
    await flow("f", { one: task("one", () => 1) }).run({
      observers: [injecting("a"), injecting("b")],
      runner(attempt) {
        attempt.setExecutor("worker-3");
        carriers.push(attempt.carrier());
        return attempt.run(...attempt.args, attempt.context);
      },
    });
    expect(carriers).toEqual([{ a: "here", b: "here" }]);
    expect(executors).toEqual(["worker-3", "worker-3"]);
  });

  it("gives a function that is called without a runner the placement of its attempt, by its context", async () => {
    const told: unknown[] = [];
    const observer: Observer = {
      ...observing({
        attempt: () => ({
          inject: (carrier) => void Object.assign(carrier, { trace: "here" }),
          end: ({ attempt }) => void told.push([attempt.executor, attempt.deliveries]),
        }),
      }),
      name: "placed",
    };
    const one = task("one", (_, context) => {
      const placement = placementOf(context);
      told.push(placement?.carrier());
      placement?.setExecutor("elsewhere");
      placement?.setDeliveries(3);
      expect(placementOf({ ...context, db: "main" })?.carrier()).toEqual({ trace: "here" });
    });
    const report = await flow("f", { one }).run({ observers: [observer] });
    expect(report.executionState).toBe("completed");
    expect(told).toEqual([{ trace: "here" }, ["elsewhere", 3]]);
    expect(placementOf({})).toBeUndefined();
    expect(placementOf(undefined)).toBeUndefined();
  });

  it("keeps how often a runner started an attempt, when that is more than once", async () => {
    const told: unknown[] = [];
    const observer: Observer = {
      ...observing({
        attempt: () => ({ end: ({ attempt }) => void told.push(attempt.deliveries) }),
      }),
      name: "deliveries",
    };
    const report = await flow("f", { one: task("one", () => 1), two: task("two", () => 2) }).run({
      observers: [observer],
      runner(attempt) {
        attempt.setDeliveries(attempt.info.task.name === "two" ? 2 : 1);
        attempt.setDeliveries(Number.NaN);
        return attempt.run(...attempt.args, attempt.context);
      },
    });
    const kept = report
      .toJSON()
      .taskStatistics.map(({ attemptStatistics: [row] }) => row?.deliveries);
    expect(kept).toEqual([undefined, 2]);
    expect(told).toEqual([undefined, 2]);
  });

  it("tells a run whose signal was aborted before it began: nothing starts, everything ends", async () => {
    const log: string[] = [];
    await flow("f", { one: task("one", () => 1) }).run({
      signal: AbortSignal.abort("enough"),
      observers: [told(log)],
    });
    expect(log).toEqual([
      "run.start f",
      "status one - > waiting",
      "status one waiting > skipped",
      "run.end cancelled",
    ]);
  });

  it("calls `Observer.run` in the caller's async context, and the task inside what `around` made", async () => {
    const caller = new AsyncLocalStorage<string>();
    const around = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const observer: Observer = {
      name: "context",
      run() {
        seen.push(`run hook: ${caller.getStore()}`);
        return {
          task: ({ task }) => ({
            attempt: () => ({ around: (proceed) => around.run(task.key, proceed) }),
          }),
        };
      },
    };
    const work = async (_: unknown, { taskName }: { taskName: string }): Promise<void> => {
      seen.push(`${taskName}: ${caller.getStore()} ${around.getStore()}`);
      await null;
      seen.push(`${taskName}: ${caller.getStore()} ${around.getStore()}`);
    };
    const one = task("one", work);
    const two = task("two", { _: after(one) }, work);
    await caller.run("caller", () => flow("f", { two }).run({ observers: [observer] }));
    expect(seen).toEqual([
      "run hook: caller",
      "one: caller one",
      "one: caller one",
      "two: caller two",
      "two: caller two",
    ]);
  });
});

describe("Tail tasks", () => {
  it("that go on are closed as detached before the run's end, and nothing is told after it", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const list = task("list", () => [1, 2]);
    const tail = map("tail", list, async () => clock.wait(100), { concurrency: 1 });
    const flaky = task("flaky", scripted(clock, { throw: "no" }, { ms: 50, return: 1 }), {
      retry: { attempts: 3, baseMs: 40, backoff: "fixed" },
    });
    const tails = { tail, flaky };
    const last = task("last", { list }, scripted(clock, { ms: 10 }));
    const report = await clock.run(
      flow("f", { last }, { tails }).run({ clock, observers: [told(log)] }),
    );
    expect(log.at(-1)).toBe("run.end completed");
    expect(log.filter((one) => one.endsWith("detached") && one.includes(".end"))).toEqual([
      "task.end tail detached",
      "attempt.end tail[0]#1 detached",
      "task.end tail[0] detached",
      "task.end tail[1] detached",
      "task.end flaky detached",
    ]);
    const length = log.length;
    const rows = await clock.run(report.tail);
    expect(rows.map(({ status }) => status)).toEqual(Array(4).fill("completed"));
    expect(log).toHaveLength(length);
  });

  it("whose items are listed only after the run's end tell nothing of them", async () => {
    const clock = new VirtualClock();
    const gauges = new Gauges();
    const log: string[] = [];
    const list = task("list", () => [1, 2]);
    const tail = map("tail", list, () => clock.wait(10));
    const observers = [gauges.observer, { ...told(log), name: "log" }];
    const report = await clock.run(
      flow("f", { list }, { tails: { tail } }).run({ clock, observers }),
    );
    const rows = await clock.run(report.tail);
    expect(rows.map(({ taskName }) => taskName)).toContain("tail[0]");
    expect(log.at(-1)).toBe("run.end completed");
    expect(gauges.live).toEqual(EMPTY);
  });
});

describe("Status events", () => {
  it("are complete: gauges made of them never fall below nothing and end there", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const clock = new VirtualClock();
      const gauges = new Gauges();
      const abort = new AbortController();
      if (seed % 3 === 0) clock.after(seed % 17, () => abort.abort());
      const failure = (["stop", "drain", "continue"] as const)[seed % 3] ?? "stop";
      const options = { clock, failure, signal: abort.signal, observers: [gauges.observer] };
      const concurrency = seed % 4 === 0 ? {} : { concurrency: seed % 4 };
      const report = await clock.run(everything(clock, seed).run({ ...options, ...concurrency }));
      expect({ seed, ...gauges.live }).toEqual({ seed, ...EMPTY });
      expect(gauges.lowest).toBe(0);
      const counts: Record<string, number> = {};
      for (const { status } of report.taskStatistics) counts[status] = (counts[status] ?? 0) + 1;
      expect(gauges.final).toEqual(counts);
      await clock.run(report.tail);
      expect(gauges.live).toEqual(EMPTY);
    }
  });

  it("follow one another: each leaves the status that the one before it entered", async () => {
    const clock = new VirtualClock();
    const last = new Map<string, string>();
    const observer = observing({
      status({ task, from, to, elapsedMs }) {
        expect(from).toBe(last.get(task.key));
        expect(elapsedMs).toBeGreaterThanOrEqual(0);
        last.set(task.key, to);
      },
    });
    const report = await clock.run(everything(clock).run({ clock, observers: [observer] }));
    expect(report.observerErrors).toEqual([]);
    expect(Object.fromEntries(last)).toEqual(
      Object.fromEntries(report.taskStatistics.map(({ taskName, status }) => [taskName, status])),
    );
  });
});

describe("What observers are given", () => {
  it("is frozen, to the last list in it", async () => {
    const clock = new VirtualClock();
    const thawed: string[] = [];
    const look = (place: string, value: unknown): void => {
      if (typeof value !== "object" || value === null || value instanceof Error) return;
      if (!Object.isFrozen(value)) thawed.push(place);
      for (const [key, inner] of Object.entries(value)) look(`${place}.${key}`, inner);
    };
    const watch =
      (hook: string) =>
      (event: object): undefined =>
        look(hook, event) as undefined;
    const observer: Observer = {
      name: "frozen",
      run(event) {
        look("run", event);
        return {
          status: watch("status"),
          task(started) {
            look("task", started);
            return {
              attempt(began) {
                look("attempt", began);
                return { progress: watch("progress"), end: watch("attempt.end") };
              },
              end: watch("task.end"),
            };
          },
          end: watch("end"),
        };
      },
    };
    const attributes = { tenant: 7 };
    await clock.run(everything(clock).run({ clock, attributes, observers: [observer] }));
    expect(thawed).toEqual([]);
    expect(Object.isFrozen(attributes)).toBe(false);
  });

  describe.each([0, 1, 2])("is what the report says (seed %i)", (seed) => {
    /** Odd fractions of a microsecond, as real clocks have them. */
    class OddClock extends VirtualClock {
      override now(): number {
        return super.now() * 1.000_000_37 + 0.000_123;
      }
    }
    const told: RunEvent[] = [];
    const rows = new Map<string, TaskStatistics>();
    const offset = (at: number, epochMs: number): number =>
      Math.round((at - epochMs) * 1000) / 1000;
    let report: SerializedReport;
    beforeAll(async () => {
      const clock = new OddClock(Date.UTC(2026, 0, 1));
      const keep = fromEvents("keep", (event) => {
        told.push(event);
        if (event.type !== "task.status") return;
        rows.set(event.task.key, (event.statistics() as unknown as Copied).toJSON());
      });
      const faulty = fromEvents("faulty", ({ type }) => {
        if (type === "task.end" || type === "run.end") throw new Error("no");
      });
      const options = {
        clock,
        concurrency: 2,
        observers: [faulty, keep],
        attributes: { tenant: 7 },
      };
      report = (await clock.run(everything(clock, seed).run(options))).toJSON();
    });

    it("of every task, with its final status", () => {
      const detached = new Set(["tail"]);
      for (const row of report.taskStatistics) {
        if (!detached.has(row.taskName)) expect(rows.get(row.taskName)).toEqual(row);
      }
    });

    it("of every attempt: its times to the microsecond, its slot and what it waited for", () => {
      const attempts = told.flatMap((event) => {
        if (event.type !== "attempt.start") return [];
        const { at, attempt, waitedMs, slot, limitedBy, slotFreedBy } = event;
        const startAt = offset(at, report.clock.epochMs);
        const waited = { queuedMs: waitedMs, slot, limitedBy, slotFreedBy };
        return [[attempt.task.key, attempt.number, { startAt, ...waited }]];
      });
      const reported = report.taskStatistics.flatMap(({ taskName, attemptStatistics }) =>
        attemptStatistics.map(
          ({ attemptNumber, startAt, queuedMs, slot, limitedBy, slotFreedBy }) => [
            taskName,
            attemptNumber,
            { startAt, queuedMs, slot, limitedBy, slotFreedBy },
          ],
        ),
      );
      const inOrder = (list: unknown[]): unknown[] => list.map((one) => JSON.stringify(one)).sort();
      expect(inOrder(attempts)).toEqual(inOrder(reported));
      expect(attempts.some((one) => JSON.stringify(one).includes("slotFreedBy"))).toBe(true);
      for (const event of told) {
        if (event.type !== "attempt.end" || event.outcome.status === "detached") continue;
        const { attempt, durationMs, at } = event;
        const row = report.taskStatistics.find(({ taskName }) => taskName === attempt.task.key);
        const own = row?.attemptStatistics[attempt.number - 1];
        expect([offset(at, report.clock.epochMs), durationMs]).toEqual([
          own?.endAt,
          own?.durationMs,
        ]);
      }
    });

    it("of the run, before its tasks begin and after they have ended", () => {
      const { run, clock, planningDurationMs, errorSummary, toleratedFailures = 0 } = report;
      expect(told[0]).toMatchObject({
        header: { run, clock: { epochMs: clock.epochMs, driftMs: null }, planningDurationMs },
      });
      // One fault came after it: that of the hook at the end itself.
      const observerErrors = report.observerErrors?.slice(0, -1);
      const footer = { clock, errorSummary, observerErrors };
      expect(told.at(-1)).toMatchObject({ toleratedFailures, footer });
      expect(errorSummary.length + toleratedFailures).toBeGreaterThan(0);
    });
  });

  it("tells what an attempt threw that was to stop, beside why it was", async () => {
    const clock = new VirtualClock();
    const outcomes = new Map<string, TaskOutcome>();
    const observer = fromEvents("outcomes", (event) => {
      if (event.type === "attempt.end") outcomes.set(event.attempt.task.key, event.outcome);
    });
    const lost = new Error("could not roll back");
    const stubborn = async (_: unknown, context: TaskContext): Promise<never> => {
      await clock.wait(50, context.signal).catch(() => {});
      throw lost;
    };
    const tasks = {
      stubborn: task("stubborn", stubborn),
      obedient: task("obedient", scripted(clock, { ms: 50 })),
    };
    const run = flow("f", tasks).start({ clock, observers: [observer] });
    clock.after(5, () => run.cancel());
    await clock.run(run.report);
    expect(outcomes.get("stubborn")).toEqual({
      status: "cancelled",
      reason: expect.any(RunAbortedError),
      error: lost,
    });
    expect(outcomes.get("obedient")).toEqual({
      status: "cancelled",
      reason: expect.any(RunAbortedError),
    });
  });

  it("names run, task and attempt by the same objects throughout", async () => {
    const runs = new Set<unknown>();
    const tasks = new Set<unknown>();
    const observer = fromEvents("identity", (event) => {
      if ("run" in event) runs.add(event.run);
      if ("task" in event) tasks.add(event.task).add(event.task.key);
      if ("task" in event) runs.add(event.task.run);
    });
    await flow("f", { one: task("one", () => 1) }).run({ observers: [observer] });
    expect(runs.size).toBe(1);
    expect(tasks.size).toBe(2);
  });

  it("is what a runner is given, be there observers or not", async () => {
    const one = task("one", { zero: task("zero", () => 0) }, () => 1);
    const idle: Observer = { name: "idle", run: () => ({}) };
    for (const observers of [[], [idle]]) {
      const infos: AttemptInfo[] = [];
      const runner: Runner = ({ info, run, args, context }) => {
        infos.push(info);
        return run(...args, context);
      };
      await flow("f", { one }).run({ observers, runner });
      const told = infos.map(({ task, ...rest }) => [task.key, rest]);
      const rest = { number: 1, executor: "main" };
      expect(told).toEqual([
        ["zero", rest],
        ["one", rest],
      ]);
      expect(new Set(infos.map(({ task }) => task.run)).size).toBe(1);
      expect(infos.every((info) => Object.isFrozen(info) && Object.isFrozen(info.task))).toBe(true);
    }
  });
});

describe("A fault of an observer", () => {
  /** What the run makes of it: the messages that are kept. */
  async function faults(observer: Observer): Promise<string[]> {
    let calls = 0;
    const one = task("one", async () => {
      calls++;
      return "result";
    });
    const two = task("two", { one }, async ({ one }) => `${one} kept`);
    const report = await flow("f", { two }).run({ observers: [observer] });
    expect(calls).toBe(1);
    expect(report.outputs.two).toBe("result kept");
    return (report.observerErrors ?? []).map(({ message }) => message);
  }
  const fail = (): never => {
    throw new Error("oops");
  };

  it("thrown in a hook is kept once, and names observer and hook", async () => {
    expect(await faults(observing({ status: fail }))).toEqual([
      'Observer "under test" threw in status: oops',
    ]);
    expect(await faults(observing({ run: fail }))).toEqual([
      'Observer "under test" threw in run: oops',
    ]);
    expect(await faults(observing({ runEnd: fail }))).toEqual([
      'Observer "under test" threw in run.end: oops',
    ]);
    expect(await faults(observing({ attempt: fail, taskEnd: fail }))).toEqual([
      'Observer "under test" threw in attempt: oops',
      'Observer "under test" threw in task.end: oops',
    ]);
  });

  it("that is no error at all is kept too", async () => {
    const observer = observing({
      status: () => {
        throw null;
      },
    });
    expect(await faults(observer)).toEqual(['Observer "under test" threw in status: "null"']);
  });

  it("rejected by a promise that nobody awaits is kept, and is no unhandled rejection", async () => {
    const observer = observing({ status: async () => fail() });
    expect(await faults(observer)).toEqual(['Observer "under test" rejected in status: oops']);
  });

  it("not to proceed lets the function run all the same", async () => {
    expect(await faults(observing({ around: () => {} }))).toEqual([
      'Observer "under test" did not proceed in run.around',
    ]);
  });

  it("to proceed twice, or late, does not call the function again", async () => {
    const twice = observing({
      around(proceed) {
        proceed();
        proceed();
      },
    });
    expect(await faults(twice)).toEqual(['Observer "under test" proceeded twice in run.around']);
    const late = observing({
      around: (async (proceed: () => void) => {
        await null;
        proceed();
      }) as RunScope["around"] & {},
    });
    expect(await faults(late)).toEqual([
      'Observer "under test" did not proceed in run.around',
      'Observer "under test" proceeded too late in run.around',
    ]);
  });

  it("thrown around the function, before or after it, leaves its result alone", async () => {
    expect(await faults(observing({ around: fail }))).toEqual([
      'Observer "under test" threw in run.around: oops',
      'Observer "under test" did not proceed in run.around',
    ]);
    const afterwards = observing({
      around(proceed) {
        proceed();
        fail();
      },
    });
    expect(await faults(afterwards)).toEqual(['Observer "under test" threw in run.around: oops']);
  });

  it("to open what is no scope is kept", async () => {
    const observer = { name: "under test", run: () => 42 } as unknown as Observer;
    expect(await faults(observer)).toEqual(['Observer "under test" returned no scope in run']);
  });

  it("to open a scope that throws when it is read is kept, and the run goes on", async () => {
    const scope = new Proxy(
      {},
      {
        get(_, key) {
          if (key === "then") return undefined;
          return fail();
        },
      },
    );
    const observer = { name: "under test", run: () => scope } as Observer;
    expect((await faults(observer)).sort()).toEqual(
      ["run.around", "run.end", "status", "task"].map(
        (hook) => `Observer "under test" threw in ${hook}: oops`,
      ),
    );
  });

  it("does not keep the others from being told", async () => {
    const log: string[] = [];
    await flow("f", { one: task("one", () => 1) }).run({
      observers: [observing({ run: fail }), witness("b", log)],
    });
    expect(log).toContain("b: run completed");
  });

  it("that differs each time fills no report: at most 100 are kept", async () => {
    let count = 0;
    const observer = observing({
      status: () => {
        throw new Error(`number ${count++}`);
      },
    });
    const tasks = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [`t${at}`, task(`t${at}`, () => at)]),
    );
    const report = await flow("f", tasks).run({ observers: [observer] });
    expect(report.observerErrors).toHaveLength(100);
  });

  it("of a hook that never settles is never waited for", async () => {
    expect(await faults(observing({ status: () => new Promise(() => {}) }))).toEqual([]);
  });
});

describe("Hostile observers", () => {
  /** What a caller can see of a run, and the order in which functions were called. */
  async function play(seed: number, observers: readonly Observer[]): Promise<unknown> {
    const clock = new VirtualClock();
    const abort = new AbortController();
    if (seed % 5 === 0) clock.after(seed % 23, () => abort.abort());
    const options = {
      clock,
      observers,
      signal: abort.signal,
      runId: "run",
      failure: (["stop", "drain", "continue"] as const)[seed % 3] ?? "stop",
      random: chance(seed),
      ...(seed % 2 === 0 ? {} : { concurrency: 2 }),
    };
    const report = await clock.run(everything(clock, seed).run(options));
    await clock.run(report.tail);
    const { observerErrors, ...rest } = report.toJSON({ outputs: true });
    // Stacks show who called; they differ, and the path of a call is no promise.
    return JSON.parse(JSON.stringify(rest, (key, value) => (key === "stack" ? undefined : value)));
  }

  const runs = Number(process.env.ASTRUM_HOSTILE_RUNS ?? 200);
  it(`change nothing of ${runs} random runs, and leave nothing unhandled`, {
    timeout: 600_000,
  }, async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    const before = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", note);
    process.on("uncaughtException", note);
    onTestFinished(() => {
      process.off("unhandledRejection", note);
      process.off("uncaughtException", note);
      for (const listener of before) process.on("unhandledRejection", listener);
    });
    for (let seed = 0; seed < runs; seed++) {
      const random = chance(seed * 7919 + 1);
      const observers = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, at) =>
        hostileObserver(`hostile ${at}`, random),
      );
      const [hostile, unobserved] = [await play(seed, observers), await play(seed, [])];
      expect({ seed, run: hostile }).toEqual({ seed, run: unobserved });
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});

describe("fromEvents", () => {
  it("tells everything to one callback, in order", async () => {
    const log: string[] = [];
    const one = task("one", (_, { progress }) => progress(1, "done"));
    await flow("f", { one }).run({ observers: [told(log)] });
    expect(log).toEqual([
      "run.start f",
      "status one - > waiting",
      "status one waiting > ready",
      "status one ready > running",
      "attempt.start one#1",
      "progress one 1 done",
      "attempt.end one#1 completed",
      "status one running > completed",
      "task.end one completed",
      "run.end completed",
    ]);
  });

  it("lets a callback that throws spoil neither the run nor what is told later", async () => {
    let calls = 0;
    const observer = fromEvents("thrower", () => {
      calls++;
      throw new Error("no");
    });
    const report = await flow("f", { one: task("one", () => 1) }).run({ observers: [observer] });
    expect(report.executionState).toBe("completed");
    // It threw before it could return a scope, so it is told no more.
    expect(calls).toBe(1);
    expect(report.observerErrors).toMatchObject([
      { message: 'Observer "thrower" threw in run: no' },
    ]);
  });
});

describe("A promise that fromEvents is given", () => {
  const types: RunEvent["type"][] = [
    "run.start",
    "task.status",
    "attempt.start",
    "attempt.progress",
    "attempt.end",
    "task.end",
    "run.end",
  ];
  const hooks = [
    "run",
    "status",
    "attempt",
    "attempt.progress",
    "attempt.end",
    "task.end",
    "run.end",
  ];

  it.each(types)("for %s and is rejected is a fault, and nothing else is lost", async (type) => {
    const events: string[] = [];
    const observer = fromEvents("async", async (event) => {
      events.push(event.type);
      if (event.type === type) throw new Error("no");
    });
    const one = task("one", async (_, { progress }) => progress(1));
    const seen = await escaped(async () => {
      const report = await flow("f", { one }).run({ observers: [observer] });
      expect(report.observerErrors).toMatchObject([
        { message: `Observer "async" rejected in ${hooks[types.indexOf(type)]}: no` },
      ]);
    });
    expect(seen).toEqual([]);
    expect(new Set(events)).toEqual(new Set(types));
  });

  it("and is rejected after the run has settled is a fault of its report all the same", async () => {
    const gate = new Gate();
    const late: RunEvent["type"][] = ["attempt.end", "task.end", "run.end"];
    const observer = fromEvents("late", async ({ type }) => {
      if (late.includes(type)) await gate.promise;
    });
    const seen = await escaped(async () => {
      const one = task("one", () => 1);
      const report = await flow("f", { one }).run({ observers: [observer] });
      expect(report.observerErrors).toEqual([]);
      gate.fail(new Error("no room"));
      await gate.promise.catch(() => {});
      await null;
      const told = late.map((type) => ({
        message: `Observer "late" rejected in ${type}: no room`,
      }));
      expect(report.observerErrors).toMatchObject(told);
      expect(report.toJSON().observerErrors).toMatchObject(told);
    });
    expect(seen).toEqual([]);
  });
});

describe("Names of observers", () => {
  it("that do not let themselves be read leave the run alone", async () => {
    let reads = 0;
    const observer: Observer = {
      get name(): string {
        if (++reads > 2) throw new Error("not again");
        return "shy";
      },
      get flush(): never {
        if (reads > 2) throw new Error("not again");
        return undefined as never;
      },
      run: () => {
        throw new Error("no");
      },
    };
    const report = await flow("f", { a: task("a", () => 1) }).run({ observers: [observer] });
    expect(report.outputs).toEqual({ a: 1 });
    expect(report.observerErrors).toMatchObject([
      { message: 'Observer "an observer" threw in run: no' },
    ]);
  });

  it("must differ within a run", async () => {
    const observers = [fromEvents("same", () => {}), fromEvents("same", () => {})];
    await expect(flow("f", {}).run({ observers })).rejects.toThrow(
      'Two observers are named "same": give one of them another name',
    );
  });

  it("must be there, and their hooks must be functions", async () => {
    const observers = [{ run: () => {} }, { name: "x", run: 5 }] as never;
    await expect(flow("f", {}).run({ observers })).rejects.toThrow(
      /observers\[0\][\s\S]*observers\.1\.run/,
    );
  });
});

describe("An observer of the whole process", () => {
  it("is told of every run that starts until it is taken back", async () => {
    const log: string[] = [];
    const one = flow("one", {});
    const takeBack = registerGlobalObserver(told(log));
    await one.run();
    takeBack();
    takeBack();
    await one.run();
    expect(log).toEqual(["run.start one", "run.end completed"]);
  });

  it("comes before a run's own, and gives way to one of its name", async () => {
    const log: string[] = [];
    const global = witness("global", log);
    const takeBack = registerGlobalObserver(global);
    const shadowed = registerGlobalObserver(witness("own", log));
    await flow("f", {}).run({ observers: [witness("own", log)] });
    takeBack();
    shadowed();
    expect(log).toEqual([
      "global: run f",
      "own: run f",
      "own: run completed",
      "global: run completed",
    ]);
  });

  it("takes the place of one of its name, whose way back then takes nobody away", async () => {
    const log: string[] = [];
    const one = flow("one", {});
    const first = told(log);
    const takeFirstBack = registerGlobalObserver(first);
    // As a module does that is loaded again.
    const takeSecondBack = registerGlobalObserver(told(log));
    await one.run();
    expect(log).toEqual(["run.start one", "run.end completed"]);
    takeFirstBack();
    await one.run();
    expect(log).toHaveLength(4);
    takeSecondBack();
    await one.run();
    expect(log).toHaveLength(4);
    // One and the same, twice: the later registration counts.
    const once = registerGlobalObserver(first);
    const twice = registerGlobalObserver(first);
    once();
    await one.run();
    expect(log).toHaveLength(6);
    twice();
    await one.run();
    expect(log).toHaveLength(6);
  });

  it("is refused at once when it is none", () => {
    for (const wrong of [null, {}, { name: "" }, { name: "x", run: true }, () => {}]) {
      expect(() => registerGlobalObserver(wrong as never)).toThrow(TypeError);
    }
  });
});

describe("An observer for each run", () => {
  it("leaves nothing behind when it is gone", async () => {
    const before = seenObservers.size;
    const one = flow("one", {});
    for (let run = 0; run < 200; run++) {
      await one.run({ observers: [{ name: "own", flush: () => {} }] });
    }
    expect(seenObservers.size).toBe(before + 200);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    for (let turn = 0; turn < 50 && seenObservers.size > before; turn++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seenObservers.size).toBeLessThanOrEqual(before);
  });
});

describe("flushObservers", () => {
  it("waits for every observer that a run has seen and for those of the process", async () => {
    const flushed: string[] = [];
    const flushing = (name: string): Observer => ({
      name,
      async flush() {
        await null;
        flushed.push(name);
      },
    });
    const own = flushing("own");
    const takeBack = registerGlobalObserver(flushing("global"));
    await flow("f", {}).run({ observers: [own] });
    await flushObservers();
    takeBack();
    expect(flushed.sort()).toEqual(["global", "own"]);
  });

  it("never rejects, whatever a flush does", async () => {
    const observers: Observer[] = [
      {
        name: "throws",
        flush() {
          throw new Error("no");
        },
      },
      { name: "rejects", flush: () => Promise.reject(new Error("no")) },
    ];
    await flow("f", {}).run({ observers });
    await expect(flushObservers()).resolves.toBeUndefined();
  });

  it("asks those that take too long to stop, and goes on", async () => {
    let reason: unknown;
    const slow: Observer = {
      name: "slow",
      flush: (signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
          });
        }),
    };
    const takeBack = registerGlobalObserver(slow);
    await flushObservers({ timeoutMs: 1 });
    takeBack();
    expect(reason).toMatchObject({ message: "Observers were not flushed in 1 ms" });
  });

  it("gives them all the time that it was told to, also more than a timer takes", async () => {
    let aborted: boolean | undefined;
    const slow: Observer = {
      name: "slow",
      async flush(signal) {
        // A timer that is asked for more than it takes rings at once.
        await vi.advanceTimersByTimeAsync(2 ** 31 - 1);
        aborted = signal.aborted;
      },
    };
    const takeBack = registerGlobalObserver(slow);
    vi.useFakeTimers();
    try {
      await flushObservers({ timeoutMs: 2 ** 31 });
    } finally {
      vi.useRealTimers();
      takeBack();
    }
    expect(aborted).toBe(false);
  });

  it("leaves no timer behind when timers are faked meanwhile", async () => {
    const { clearTimeout: real } = globalThis;
    const timers = () =>
      process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const before = timers();
    const faking: Observer = {
      name: "faking",
      async flush() {
        await null;
        globalThis.clearTimeout = () => {};
      },
    };
    const takeBack = registerGlobalObserver(faking);
    await flushObservers({ timeoutMs: 60_000 });
    globalThis.clearTimeout = real;
    takeBack();
    expect(timers()).toBe(before);
  });
});
