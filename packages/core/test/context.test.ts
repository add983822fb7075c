import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { flow, map, Semaphore, task } from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";

const storage = new AsyncLocalStorage<string>();

/** Two layers with a join, a map, a retry with a delay, a condition, a cleanup: every way to a call. */
function everyWay(clock: VirtualClock, seen: [string, string | undefined][]) {
  const note = (name: string): void => {
    seen.push([name, storage.getStore()]);
  };
  const first = task("first", async (_, { defer }) => {
    note("first");
    defer(() => note("first's cleanup"));
    await clock.wait(10);
    note("first, later");
    return [1, 2, 3];
  });
  const flaky = task(
    "flaky",
    async (_, { attempt }) => {
      note(`flaky ${attempt}`);
      await storage.run("inside flaky", () => clock.wait(3));
      if (attempt === 1) throw new Error("again");
    },
    {
      retry: {
        attempts: 1,
        backoff: () => {
          note("back-off");
          return 5;
        },
        retryIf: () => {
          note("retryIf");
          return true;
        },
      },
    },
  );
  const items = map(
    "items",
    first,
    async (item) => {
      note(`item ${item}`);
      await clock.wait(item);
    },
    { concurrency: 1 },
  );
  const join = task("join", { items, flaky }, () => note("join"), {
    when: () => {
      note("condition");
      return true;
    },
  });
  const limited = task(
    "limited",
    async (_, { signal }) => {
      note("limited");
      signal.addEventListener("abort", () => note("listener"));
      await clock.wait(100, signal).catch(() => {});
    },
    { timeoutMs: 20, onFailure: "ignore" },
  );
  return flow("f", { join, limited });
}

/** Each name with the context that it saw, where that was not the right one. */
function strays(seen: readonly [string, string | undefined][], right: string | undefined) {
  return seen.filter(([, context]) => context !== right);
}

describe("Every call of a run", () => {
  it("is in the async context of the caller of run()", async () => {
    const clock = new VirtualClock();
    const seen: [string, string | undefined][] = [];
    const run = storage.run("caller", () => everyWay(clock, seen).run({ clock }));
    await storage.run("somebody else", () => clock.run(run));
    expect(seen.map(([name]) => name).sort()).toEqual(
      [
        "back-off",
        "condition",
        "first",
        "first's cleanup",
        "first, later",
        "flaky 1",
        "flaky 2",
        "item 1",
        "item 2",
        "item 3",
        "join",
        "limited",
        "listener",
        "retryIf",
      ].sort(),
    );
    expect(strays(seen, "caller")).toEqual([]);
  });

  it("is so with a limit, and with a semaphore whose permits come from another run", async () => {
    const clock = new VirtualClock();
    for (const concurrency of [1, new Semaphore(1)]) {
      const mine: [string, string | undefined][] = [];
      const yours: [string, string | undefined][] = [];
      const runs = [
        storage.run("me", () => everyWay(clock, mine).run({ clock, concurrency })),
        storage.run("you", () => everyWay(clock, yours).run({ clock, concurrency })),
      ];
      await clock.run(Promise.all(runs));
      expect(strays(mine, "me")).toEqual([]);
      expect(strays(yours, "you")).toEqual([]);
    }
  });

  it("is without a context where the caller had none", async () => {
    const clock = new VirtualClock();
    const seen: [string, string | undefined][] = [];
    const run = storage.exit(() => everyWay(clock, seen).run({ clock }));
    await storage.run("somebody else", () => clock.run(run));
    expect(strays(seen, undefined)).toEqual([]);
  });

  it("is not in the context of whoever cancels", async () => {
    const clock = new VirtualClock();
    const seen: [string, string | undefined][] = [];
    const note = (name: string): void => {
      seen.push([name, storage.getStore()]);
    };
    const called = task("called", async (_, { signal, defer }) => {
      defer(() => note("cleanup"));
      signal.addEventListener("abort", () => note("listener"));
      await clock.wait(100, signal);
    });
    const other = task("other", () => clock.wait(10));
    const freed = task("freed", () => note("freed"), { priority: -1 });
    const run = storage.run("caller", () =>
      flow("f", { called, other, freed }).start({ clock, concurrency: 2 }),
    );
    await clock.advance(5);
    storage.run("canceller", () => run.cancelTask("called"));
    await clock.run(run.report);
    expect(seen).toEqual([
      ["listener", "caller"],
      ["cleanup", "caller"],
      ["freed", "caller"],
    ]);
  });
});

describe("A task that enters a context for good", () => {
  const hostile = (clock: VirtualClock, seen: [string, string | undefined][]) => {
    const note = (name: string): void => {
      seen.push([name, storage.getStore()]);
    };
    const enters = task("enters", async () => {
      storage.enterWith("the task's own");
      note("enters");
      await clock.wait(1);
      note("enters, later");
    });
    const sync = task("sync", () => storage.enterWith("the task's own"));
    const sibling = task("sibling", () => note("sibling"));
    const child = task("child", { enters, sync, sibling }, () => note("child"));
    const grandchild = task("grandchild", { child }, () => note("grandchild"));
    return flow("f", { grandchild });
  };

  it.each(["caller", undefined])("keeps it to itself, when the caller's is %s", async (context) => {
    const clock = new VirtualClock();
    const seen: [string, string | undefined][] = [];
    const begin = () => hostile(clock, seen).run({ clock });
    const run = context === undefined ? storage.exit(begin) : storage.run(context, begin);
    await clock.run(run);
    expect(seen).toEqual([
      ["enters", "the task's own"],
      ["sibling", context],
      ["enters, later", "the task's own"],
      ["child", context],
      ["grandchild", context],
    ]);
  });

  it("does not change the caller's", async () => {
    const clock = new VirtualClock();
    await storage.run("caller", async () => {
      const run = hostile(clock, []).run({ clock });
      expect(storage.getStore()).toBe("caller");
      await clock.run(run);
      expect(storage.getStore()).toBe("caller");
    });
    await storage.exit(async () => {
      const run = hostile(clock, []).run({ clock });
      expect(storage.getStore()).toBeUndefined();
      await clock.run(run);
    });
  });
});
