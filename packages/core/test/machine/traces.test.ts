import { describe, expect, it } from "vitest";
import { type Flow, flow, loop, map, type RunOptions, Semaphore, task } from "../../src/index.ts";
import { recorded, scripted, trace, VirtualClock } from "../../src/testing.ts";
import { Gate } from "../scenario.ts";

/** One run as text: each line is an instant, what happened then, and what the machine commanded. */
async function traced(
  clock: VirtualClock,
  graph: Flow<unknown>,
  given: RunOptions = {},
): Promise<string[]> {
  const { options, recording } = recorded({ ...given, clock });
  await clock.run(graph.run(options));
  return trace(graph.plan(), recording);
}

describe("What the machine commands", () => {
  it("for a diamond: both arms at once, the join with the last of them", async () => {
    const clock = new VirtualClock();
    const top = task("top", scripted(clock, { ms: 10 }));
    const left = task("left", { top }, scripted(clock, { ms: 5 }));
    const right = task("right", { top }, scripted(clock, { ms: 20 }));
    const join = task("join", { left, right }, scripted(clock, {}));
    expect(await traced(clock, flow("f", { join }))).toMatchInlineSnapshot(`
      [
        "0 begin → start top",
        "10 top returned → start left, start right",
        "15 left returned",
        "30 right returned → start join",
        "30 join returned → settle, close",
      ]
    `);
  });

  it("for a loop: its next flow in the turn in which one has ended, or when that is given", async () => {
    const clock = new VirtualClock();
    const rolled = (dots: number) =>
      flow("roll", { dots: task("dots", () => clock.wait(5).then(() => dots)) });
    const dice = loop(
      "dice",
      {},
      {
        first: () => rolled(1),
        next: ({ dots }) => (dots === 1 ? rolled(2) : clock.wait(3).then(() => rolled(3))),
        until: ({ dots }) => dots === 3,
        max: 5,
      },
    );
    expect(await traced(clock, flow("f", { dice }))).toMatchInlineSnapshot(`
      [
        "0 begin → prepare dice",
        "0 dice begins with a flow of 1 → start dice[0].dots",
        "5 dice[0].dots returned → iterate dice",
        "5 dice goes on with a flow of 1 → start dice[1].dots",
        "10 dice[1].dots returned → iterate dice",
        "10 dice waits for what comes next",
        "13 dice goes on with a flow of 1 → start dice[2].dots",
        "18 dice[2].dots returned → iterate dice",
        "18 dice is done → gather dice",
        "18 dice gathered → settle, close",
      ]
    `);
  });

  it("for a retry: the delay, then the next attempt; without delay at once", async () => {
    const clock = new VirtualClock();
    const waits = task("waits", scripted(clock, { ms: 5, throw: "no" }, { ms: 5 }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 100 },
    });
    const insists = task("insists", scripted(clock, { ms: 1, throw: "no" }, { ms: 1 }), {
      retry: 1,
    });
    expect(await traced(clock, flow("f", { waits, insists }))).toMatchInlineSnapshot(`
      [
        "0 begin → start waits, start insists",
        "1 insists threw → start insists again",
        "2 insists returned",
        "5 waits threw → delay waits 100",
        "105 waits elapsed → start waits again",
        "110 waits returned → settle, close",
      ]
    `);
  });

  it("for a failure: what runs is aborted, what waits is never commanded", async () => {
    const clock = new VirtualClock();
    const fails = task("fails", scripted(clock, { ms: 5, throw: "no" }));
    const runs = task("runs", scripted(clock, { ms: 50 }));
    const delayed = task("delayed", scripted(clock, { ms: 1, throw: "no" }), {
      retry: { attempts: 1, backoff: "fixed" },
    });
    const needs = task("needs", { fails, runs }, scripted(clock, {}));
    expect(await traced(clock, flow("f", { needs, delayed }))).toMatchInlineSnapshot(`
      [
        "0 begin → start fails, start runs, start delayed",
        "1 delayed threw → delay delayed 100",
        "5 fails threw → abort runs, undelay delayed",
        "5 runs returned → settle, close",
      ]
    `);
  });

  it("with one slot: by priority, one after the other", async () => {
    const clock = new VirtualClock();
    const low = task("low", scripted(clock, { ms: 1 }));
    const middle = task("middle", scripted(clock, { ms: 1 }), { priority: 1 });
    const high = task("high", scripted(clock, { ms: 1 }), { priority: 2 });
    expect(
      await traced(clock, flow("f", { low, middle, high }), { concurrency: 1 }),
    ).toMatchInlineSnapshot(`
      [
        "0 begin → start high",
        "1 high returned → start middle",
        "2 middle returned → start low",
        "3 low returned → settle, close",
      ]
    `);
  });

  it("for a map: its items as its limit allows, then the list of their results", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [30, 10, 20]);
    const items = map("items", list, (ms) => clock.wait(ms), { concurrency: 2 });
    const next = task("next", { items }, scripted(clock, {}));
    expect(await traced(clock, flow("f", { next }))).toMatchInlineSnapshot(`
      [
        "0 begin → start list",
        "0 list returned → prepare items",
        "0 items has 3 items → start items[0], start items[1]",
        "10 items[1] returned → start items[2]",
        "30 items[0] returned",
        "30 items[2] returned → gather items",
        "30 items gathered → start next",
        "30 next returned → settle, close",
      ]
    `);
  });

  it("for an abort: everything that runs, and then the end", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const a = task("a", scripted(clock, { ms: 50 }));
    const b = task("b", scripted(clock, { ms: 50 }));
    const c = task("c", { a, b }, scripted(clock, {}));
    clock.after(20, () => controller.abort());
    expect(
      await traced(clock, flow("f", { c }), { signal: controller.signal }),
    ).toMatchInlineSnapshot(`
      [
        "0 begin → start a, start b",
        "20 stop: aborted → abort a, abort b",
        "20 a returned",
        "20 b returned → settle, close",
      ]
    `);
  });

  it("for a time limit with grace: the abort at the limit, the end without the task", async () => {
    const clock = new VirtualClock();
    const never = new Gate();
    const deaf = task("deaf", () => never.promise, { timeoutMs: 20 });
    const needs = task("needs", { deaf }, scripted(clock, {}));
    expect(await traced(clock, flow("f", { needs }), { graceMs: 10 })).toMatchInlineSnapshot(`
      [
        "0 begin → start deaf",
        "20 deaf expired → abort deaf",
        "30 deaf abandon → settle, close",
      ]
    `);
  });

  it("for a shared semaphore: a request for every start, a permit back for every end", async () => {
    const clock = new VirtualClock();
    const concurrency = new Semaphore(1);
    const holder = flow("holder", { holds: task("holds", scripted(clock, { ms: 30 })) });
    const held = holder.run({ clock, concurrency });
    const a = task("a", scripted(clock, { ms: 10 }));
    const b = task("b", scripted(clock, { ms: 10 }), { priority: 1 });
    const lines = await traced(clock, flow("f", { a, b }), { concurrency });
    await clock.run(held);
    expect(lines).toMatchInlineSnapshot(`
      [
        "0 begin → acquire",
        "30 permit → start b, acquire",
        "40 b returned → yield",
        "40 permit → start a",
        "50 a returned → yield, settle, close",
      ]
    `);
  });

  it("for conditions: asked once the dependencies have ended", async () => {
    const clock = new VirtualClock();
    const a = task("a", scripted(clock, { ms: 10, return: 1 }));
    const no = task("no", { a }, scripted(clock, {}), { when: () => ({ skip: "not today" }) });
    const yes = task("yes", { a }, scripted(clock, {}), { when: ({ a }) => a === 1 });
    const behind = task("behind", { no }, scripted(clock, {}));
    expect(await traced(clock, flow("f", { behind, yes }))).toMatchInlineSnapshot(`
      [
        "0 begin → start a",
        "10 a returned → prepare no, prepare yes",
        "10 no is not wanted: not today",
        "10 yes prepared → start yes",
        "10 yes returned → settle, close",
      ]
    `);
  });
});
