import { describe, expect, it } from "vitest";
import type { GraphPlan } from "../../src/define/plan.ts";
import type { Traits } from "../../src/define/traits.ts";
import { flow, map, type Task, task } from "../../src/index.ts";

/** What the machine is told of each of these tasks, and whether anything is to be asked. */
function told(tasks: Record<string, Task<unknown>>): { traits: Traits[]; asks: boolean } {
  const plan = flow("f", tasks).plan() as GraphPlan;
  const { traits } = plan;
  return {
    traits: Object.keys(tasks).map((name) => traits.of(plan.graph.index.get(name) as number)),
    asks: traits.asks,
  };
}

const nothing = (): void => {};

describe("What the machine is told of a task", () => {
  it("is one frozen record for all tasks of equal options, whoever wrote these", () => {
    const options = () => ({ retry: 2, priority: 1, resources: { cpu: 1, memory: 2 } });
    const { traits } = told({
      one: task("one", nothing, options()),
      two: task("two", nothing, { ...options(), description: "other words" }),
      three: task("three", nothing, { ...options(), resources: { cpu: 2, memory: 2 } }),
      plain: task("plain", nothing),
      empty: task("empty", nothing, {}),
    });
    expect(traits[1]).toBe(traits[0]);
    expect(traits[2]).not.toBe(traits[0]);
    expect(traits[4]).toEqual(traits[3]);
    expect(traits.every(Object.isFrozen)).toBe(true);
  });

  it("holds no function, no name and no schema", () => {
    const { traits, asks } = told({
      asked: task("asked", nothing, {
        retry: { attempts: 3, backoff: () => 1, retryIf: () => true },
        when: () => true,
        onFailure: "ignore",
        fallback: () => 1,
      }),
      list: map(
        "list",
        task("of", () => [1]),
        nothing,
        { concurrency: 2 },
      ),
    });
    expect(traits).toEqual([
      {
        retries: 3,
        tolerated: true,
        fallback: "task",
        settles: false,
        uninterruptible: false,
        asks: true,
        lives: false,
        itemLimit: Number.POSITIVE_INFINITY,
        deadlineMs: Number.POSITIVE_INFINITY,
        priority: 0,
        resources: undefined,
      },
      {
        retries: 0,
        tolerated: false,
        fallback: undefined,
        settles: false,
        uninterruptible: false,
        asks: true,
        lives: false,
        itemLimit: 2,
        deadlineMs: Number.POSITIVE_INFINITY,
        priority: 0,
        resources: undefined,
      },
    ]);
    expect(asks).toBe(true);
  });

  it("says which values are to be released, and whether any is", () => {
    const db = task("db", nothing, { release: nothing });
    const plan = flow("f", { db, plain: task("plain", nothing) }).plan() as GraphPlan;
    expect([plan.traits.of(0).lives, plan.traits.of(1).lives, plan.graph.lives]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("is the same for tasks without options, of which none asks", () => {
    const { traits, asks } = told({ one: task("one", nothing), two: task("two", nothing) });
    expect(traits[0]).toBe(traits[1]);
    expect(asks).toBe(false);
  });
});

describe("The order in which tasks go", () => {
  it("is made once for a plan, and anew where estimates decide it", () => {
    const short = task("short", nothing);
    const long = task("long", nothing);
    const plan = flow("f", { short, long }).plan() as GraphPlan;
    expect(plan.ranks()).toBe(plan.ranks());
    const places = (ranks: Int32Array): number[] =>
      ["short", "long"].map((name) => ranks[plan.graph.index.get(name) as number] as number);
    expect(places(plan.ranks())).toEqual([0, 1]);
    expect(places(plan.ranks({ long: 10, short: 1 }))).toEqual([1, 0]);
    expect(places(plan.ranks())).toEqual([0, 1]);
  });
});
