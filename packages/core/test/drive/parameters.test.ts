import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import {
  flow,
  fromEvents,
  type JournalEntry,
  PlanError,
  param,
  type Schema,
  task,
} from "../../src/index.ts";
import { recorded, replay, trace, VirtualClock } from "../../src/testing.ts";
import { escaped, Gate, statuses } from "../scenario.ts";

/** A flow of two tasks that read a parameter, whose schema answers when the gate is opened. */
function setup() {
  const clock = new VirtualClock();
  const gate = new Gate<string>();
  const log: string[] = [];
  const schema: Schema<string> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        log.push(`checking ${value}`);
        return gate.promise.then((value) => ({ value }));
      },
    },
  };
  const who = param("who", schema);
  const first = task("first", { who }, ({ who }) => {
    log.push(`first of ${who}`);
    return who;
  });
  const second = task("second", { first }, ({ first }) => log.push(`second of ${first}`));
  const third = task("third", () => log.push("third"));
  const graph = flow("f", { second, third });
  return { clock, gate, log, graph, params: [who.of("me")] };
}

describe("A run whose parameter is being checked", () => {
  it("begins when it was", async () => {
    const { clock, gate, log, graph, params } = setup();
    const run = graph.run({ clock, params });
    await clock.advance(10);
    expect(log).toEqual(["checking me"]);
    gate.open("you");
    const report = await clock.run(run);
    expect(log).toEqual(["checking me", "first of you", "third", "second of you"]);
    expect(report).toMatchObject({ planningDurationMs: 10, executionDurationMs: 0 });
  });

  it("is called off by cancel(): it settles when the check has ended, and calls nothing", async () => {
    const { clock, gate, log, graph, params } = setup();
    const run = graph.start({ clock, params });
    let settled = false;
    void run.report.then(() => {
      settled = true;
    });
    await clock.advance(10);
    run.cancel("never mind");
    await clock.advance(20);
    expect(settled).toBe(false);
    gate.open("you");
    const report = await clock.run(run.report);
    expect(report).toMatchObject({ executionState: "cancelled", totalDurationMs: 30 });
    expect(statuses(report)).toEqual({ first: "skipped", third: "skipped", second: "skipped" });
    expect(log).toEqual(["checking me"]);
  });

  it("is called off by its signal, which has no listener then", async () => {
    const { clock, gate, graph, params } = setup();
    const controller = new AbortController();
    const { signal } = controller;
    const run = graph.run({ clock, params, signal });
    await clock.advance(10);
    controller.abort();
    gate.open("you");
    expect((await clock.run(run)).executionState).toBe("cancelled");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("is called off by its time limit, also when the thread was held meanwhile", async () => {
    for (const pass of ["advance", "hold"] as const) {
      const { clock, gate, log, graph, params } = setup();
      const run = graph.run({ clock, params, timeoutMs: 30 });
      await clock[pass](50);
      gate.open("you");
      const report = await clock.run(run);
      expect(report.executionState).toBe("failed");
      const late = pass === "hold" ? " (stopped after 50 ms)" : "";
      expect(report.errorSummary).toEqual([`The run took longer than 30 ms${late}`]);
      expect(log).toEqual(["checking me"]);
      expect(clock.pending).toBe(0);
    }
  });

  it("waits for the check within the grace period only", async () => {
    const { clock, gate, log, graph, params } = setup();
    const seen = await escaped(async () => {
      const run = graph.start({ clock, params, graceMs: 5 });
      await clock.advance(10);
      run.cancel();
      run.cancel();
      expect((await clock.run(run.report)).totalDurationMs).toBe(15);
      gate.fail(new Error("late"));
      await clock.advance(100);
    });
    expect(seen).toEqual([]);
    expect(log).toEqual(["checking me"]);
    expect(clock.pending).toBe(0);
  });

  it("is refused when the parameter is, and nobody was told of a run", async () => {
    const { clock, gate, graph, params } = setup();
    const events: string[] = [];
    const observers = [fromEvents("o", ({ type }) => void events.push(type))];
    const controller = new AbortController();
    const { signal } = controller;
    const run = graph.run({ clock, params, observers, signal, timeoutMs: 1000 });
    gate.fail(new Error("unknown"));
    await expect(clock.run(run)).rejects.toMatchObject({
      code: "ASTRUM_PLAN",
      message: 'Parameter "who" could not be checked: unknown',
    });
    expect(events).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("is over when the parameter was refused: who calls it off then begins nothing", async () => {
    const { clock, gate, graph, params } = setup();
    const told: string[] = [];
    const observers = [fromEvents("o", ({ type }) => void told.push(type))];
    const journal = ({ type }: JournalEntry): void => void told.push(type);
    const run = graph.start({ clock, params, observers, journal, graceMs: 5 });
    gate.fail(new Error("unknown"));
    await expect(clock.run(run.report)).rejects.toThrow(PlanError);
    run.cancel();
    expect(clock.pending).toBe(0);
    await clock.advance(10);
    expect(told).toEqual([]);
    expect(() => run.snapshot()).toThrow(PlanError);
  });

  it("stays called off when the parameter is refused after that", async () => {
    const { clock, gate, graph, params } = setup();
    const run = graph.start({ clock, params });
    run.cancel();
    gate.fail(new Error("unknown"));
    expect((await clock.run(run.report)).executionState).toBe("cancelled");
  });

  it("never calls a task that is called off meanwhile; the others run", async () => {
    const { clock, gate, log, graph, params } = setup();
    const run = graph.start({ clock, params });
    run.cancelTask("first", "not needed");
    expect(() => run.cancelTask("frist")).toThrow('There is no task "frist" in this run');
    gate.open("you");
    const report = await clock.run(run.report);
    expect(statuses(report)).toEqual({ first: "cancelled", third: "completed", second: "skipped" });
    expect(log).toEqual(["checking me", "third"]);
  });

  it("tells observers of its beginning and its end once it was called off", async () => {
    const { clock, gate, graph, params } = setup();
    const events: string[] = [];
    const observers = [fromEvents("o", ({ type }) => void events.push(type))];
    const run = graph.start({ clock, params, observers });
    await clock.advance(10);
    run.cancel();
    gate.open("you");
    await clock.run(run.report);
    expect(events[0]).toBe("run.start");
    expect(events.at(-1)).toBe("run.end");
    expect(new Set(events)).toEqual(new Set(["run.start", "task.status", "run.end"]));
  });

  it("is replayed as it was", async () => {
    const { clock, gate, graph, params } = setup();
    const { options, recording } = recorded({ clock, params });
    const run = graph.start(options);
    await clock.advance(10);
    run.cancelTask("third");
    run.cancel();
    await clock.advance(10);
    gate.open("you");
    const report = await clock.run(run.report);
    expect(trace(graph.plan(), recording)).toEqual([
      "10 third cancel",
      "10 stop: aborted",
      "20 begin → settle, close",
    ]);
    expect(replay(graph.plan(), recording).toJSON()).toEqual(report.toJSON());
  });
});

describe("A run on a signal that is aborted already", () => {
  it("does not even check its parameters", async () => {
    const { clock, log, graph, params } = setup();
    const report = await graph.run({ clock, params, signal: AbortSignal.abort(), graceMs: 5 });
    expect(report.executionState).toBe("cancelled");
    expect(log).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
