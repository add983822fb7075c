import { describe, expect, it } from "vitest";
import {
  after,
  DynamicScheduler,
  flow,
  map,
  optional,
  param,
  pick,
  settled,
  type TaskOrder,
  task,
} from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";

interface User {
  readonly id: number;
  readonly name: string;
}
const directory: readonly User[] = [
  { id: 1, name: "Ann" },
  { id: 2, name: "Bob" },
];

describe("The first example", () => {
  it("through the first door: handles whose types fit", async () => {
    const clock = new VirtualClock();
    const events: string[] = [];
    let fetches = 0;
    const fetchUsers = async (signal: AbortSignal): Promise<readonly User[]> => {
      await clock.wait(20, signal);
      if (++fetches < 3) throw new Error("the directory is busy");
      return directory;
    };
    const since = param<number>("since");

    const users = task("users", (_, { signal }) => fetchUsers(signal), {
      retry: { attempts: 3, backoff: "exponential" },
    });
    const warmup = task("warmup", () => clock.wait(5));
    const orders = task("orders", { since }, async (inputs) => [inputs.since, 4, 7], {
      resources: { db: 2 },
    });
    const sizes = map("sizes", users, (user, index) => user.name.length + index, {
      concurrency: 8,
    });
    const auditTask = task(
      "audit",
      (): number => {
        throw new Error("the auditor is out");
      },
      { onFailure: "ignore" },
    );
    const flagTask = task("flag", () => "blue", { when: () => ({ skip: "not today" }) });
    const report = task(
      "report",
      {
        users,
        orders,
        sizes,
        first: pick(users, (list) => list[0]),
        audit: settled(auditTask),
        flag: optional(flagTask),
        _: after(warmup),
      },
      ({ orders, sizes, first, audit, flag }, { attempt, progress, defer }) => {
        defer(() => events.push("report cleaned up"));
        progress(0.5, "half way");
        const heads = sizes.reduce((sum, size) => sum + size, 0);
        return `${first?.name}: ${orders.length} orders, ${heads} letters, audit ${audit.status}, flag ${flag ?? "none"}, attempt ${attempt}`;
      },
    );
    const archive = task("archive", { _: after(orders) }, async () => {
      await clock.wait(10_000);
      events.push("archived");
    });

    const daily = flow("daily", { report }, { tails: { archive } });
    expect(daily.plan().explain()).toContain("longest path: users → sizes → report");

    const done = await clock.run(
      daily.run({
        clock,
        concurrency: 8,
        resources: { db: 4 },
        failure: "stop",
        params: [since.of(1)],
      }),
    );
    const expected = "Ann: 3 orders, 7 letters, audit failed, flag none, attempt 1";
    expect(done.executionState).toBe("completed");
    expect(done.outputs.report).toBe(expected);
    expect(done.unwrap().report).toBe(expected);
    expect(done).toMatchObject({
      flakyTasks: 1,
      failedTasks: 1,
      skippedTasks: 1,
      detachedTasks: 1,
    });
    expect(done.totalDurationMs).toBe(20 + 100 + 20 + 200 + 20);
    expect(events).toEqual(["report cleaned up"]);
    await clock.run(done.tail);
    expect(events).toEqual(["report cleaned up", "archived"]);
  });

  it("through the second door: names and predeclared orders", async () => {
    const saved: unknown[] = [];
    const extract: TaskOrder = { taskName: "extract" };
    const load: TaskOrder = { taskName: "load", dependencies: [extract] };
    const scheduler = new DynamicScheduler(
      [
        ["extract", async () => ({ rows: 100 })],
        ["load", async ({ rows }: { rows: number }) => saved.push(rows)],
      ],
      [extract, load],
      {
        taskDataRefs: {
          load: { inputs: [{ from: { task: "extract", key: "rows" }, to: { key: "rows" } }] },
        },
        taskRetries: { load: 2 },
        concurrency: 4,
      },
    );
    expect([scheduler.executionState, scheduler.currentStage]).toEqual(["none", -1]);
    const report = await scheduler.execute();
    expect(report.executionState).toBe("completed");
    expect(report.unwrap()).toMatchObject({ extract: { rows: 100 }, load: 1 });
    expect(saved).toEqual([100]);
    expect([scheduler.executionState, scheduler.currentStage]).toEqual(["completed", 1]);
  });
});
