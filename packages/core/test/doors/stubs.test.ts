import { describe, expect, it, vi } from "vitest";
import {
  after,
  DefinitionError,
  flow,
  map,
  PlanError,
  param,
  subflow,
  task,
} from "../../src/index.ts";
import { testRun, VirtualClock } from "../../src/testing.ts";

const never = (): never => {
  throw new Error("not to be called");
};

describe("testRun() with stubs", () => {
  it("gives dependents the output that stands for a task, whose function is not called", async () => {
    const user = task("user", (): { id: number } => never(), { retry: 3, when: never });
    const page = flow("page", { card: task("card", { user }, ({ user }) => `card ${user.id}`) });
    const done = await testRun(page, { stubs: { user: { id: 7 } } });
    expect(done.unwrap()).toEqual({ card: "card 7" });
    expect(done.outcome(user)).toEqual({ status: "completed", value: { id: 7 }, restored: false });
  });

  it("runs nothing that only a stubbed task needs, and asks for no parameter of it", async () => {
    const day = param<string>("day");
    const login = task("login", { day }, never, { resources: { db: 1 } });
    const user = task("user", { login }, (): string => never());
    const done = await testRun(flow("f", { user, name: task("name", { user }, String) }), {
      stubs: { user: "Ada" },
    });
    expect(done.taskStatistics.map(({ taskName }) => taskName)).toEqual(["user", "name"]);
    expect(done.unwrap().user).toBe("Ada");
  });

  it("runs nothing that is inside of a subflow with a stub, no tail and no finally task either", async () => {
    const lasts = { finally: { tidy: task("tidy", never) }, tails: { log: task("log", never) } };
    const inner = flow("inner", { work: task("work", never) }, lasts);
    const done = await testRun(flow("f", { eu: subflow("eu", inner, {}) }), {
      stubs: { eu: { work: 7 } },
    });
    expect(done.taskStatistics.map(({ taskName }) => taskName)).toEqual(["eu"]);
    expect(done.unwrap()).toEqual({ eu: { work: 7 } });
  });

  it("runs nothing inside of a subflow that only a stubbed task of it needs", async () => {
    const login = task("login", never);
    const account = flow("account", { login }, { tails: { log: task("log", { login }, never) } });
    const home = subflow("home", account, {});
    const work = task("work", { home, name: task("name", never) }, never);
    const eu = subflow("eu", flow("inner", { work, day: task("day", () => "Monday") }), {});
    const done = await testRun(flow("f", { eu }), { stubs: { "eu.work": 7 } });
    expect(done.unwrap()).toEqual({ eu: { work: 7, day: "Monday" } });
    const names = done.taskStatistics.map(({ taskName }) => taskName);
    expect(names.toSorted()).toEqual(["eu", "eu.day", "eu.work"]);
  });

  it("takes the stub of a subflow where there is one for what is inside of it, too", async () => {
    const deepest = flow(
      "deepest",
      { work: task("work", never) },
      { tails: { log: task("log", never) } },
    );
    const inner = flow("inner", { deep: subflow("deep", deepest, {}) });
    const outer = flow("f", { eu: subflow("eu", inner, {}), us: subflow("us", inner, {}) });
    const done = await testRun(outer, {
      stubs: { "eu.deep.work": 1, "eu.deep": { work: 2 }, eu: { deep: 3 }, "us.deep": { work: 4 } },
    });
    expect(done.unwrap()).toEqual({ eu: { deep: 3 }, us: { deep: { work: 4 } } });
    const names = done.taskStatistics.map(({ taskName }) => taskName);
    expect(names.toSorted()).toEqual(["eu", "us", "us.deep"]);
  });

  it("calls a function in the place of a task's own, with its inputs, retries and schema", async () => {
    const limit = task("limit", () => 2);
    const load = task("load", { limit }, (): number => never(), { retry: 1 });
    const stub = vi
      .fn((inputs: { limit: number }) => inputs.limit * 21)
      .mockImplementationOnce(() => {
        throw new Error("first");
      });
    const done = await testRun(flow("f", { load }), { stubs: { load: stub } });
    expect([done.unwrap().load, done.flakyTasks]).toEqual([42, 1]);
    expect(stub.mock.calls[1]).toEqual([{ limit: 2 }, expect.objectContaining({ attempt: 2 })]);
  });

  it("stands for a map by its list, or for the function of its items", async () => {
    const files = task("files", () => ["a", "b"]);
    const sizes = map("sizes", files, (): number => never());
    const total = task("total", { sizes }, ({ sizes }) => sizes.reduce((a, b) => a + b, 0));
    const listing = flow("listing", { total });
    const list = await testRun(listing, { stubs: { sizes: [1, 2, 3] } });
    expect([list.unwrap().total, list.totalTasks]).toEqual([6, 2]);
    const items = await testRun(listing, { stubs: { sizes: (file: string) => file.length } });
    expect([items.unwrap().total, items.totalTasks]).toEqual([2, 5]);
  });

  it("keeps tails, targets and every way an edge is written", async () => {
    const migrate = task("migrate", never);
    const serve = task("serve", { _: after(migrate) }, () => "serving");
    const mail = task("mail", () => "sent");
    const start = flow("start", { serve }, { tails: { mail } });
    const whole = await testRun(start, { stubs: { migrate: undefined } });
    expect([whole.unwrap().serve, whole.totalTasks]).toEqual(["serving", 3]);
    const part = await testRun(start, { stubs: { migrate: 1 }, targets: ["migrate"] });
    expect([...part.taskReturnSet]).toEqual([["migrate", 1]]);
  });

  it("leaves the flow as it is: its next run calls every function", async () => {
    const real = vi.fn(() => 1);
    const a = task("a", real);
    const f = flow("f", { a });
    expect((await testRun(f, { stubs: { a: 2 } })).unwrap()).toEqual({ a: 2 });
    expect((await f.run()).unwrap()).toEqual({ a: 1 });
    expect((await testRun(f)).unwrap()).toEqual({ a: 1 });
    expect(real).toHaveBeenCalledTimes(2);
  });

  it("moves a virtual clock on until the run has settled", async () => {
    const clock = new VirtualClock();
    const hour = 3_600_000;
    const retry = { attempts: 1, backoff: "fixed", baseMs: hour, maxMs: hour } as const;
    const a = task("a", never, { retry });
    const report = await testRun(flow("f", { a }), { clock });
    expect([report.totalDurationMs, report.executionState]).toEqual([hour, "failed"]);
  });

  it("refuses a stub without a task, with the one that was probably meant, and calls nothing", async () => {
    const called = vi.fn();
    const f = flow("f", { user: task("user", called) });
    const run = testRun(f, { stubs: { usr: 1, "user[0]": 2 } });
    await expect(run).rejects.toThrow(PlanError);
    await expect(run).rejects.toMatchObject({
      issues: [
        { message: '`stubs` names "usr", which is no task of "f". Did you mean "user"?' },
        { message: expect.stringContaining('`stubs` names "user[0]"') },
      ],
    });
    expect(called).not.toHaveBeenCalled();
  });

  it("refuses what is no flow, no record of stubs, or no option", async () => {
    const f = flow("f", { a: task("a", () => 1) });
    await expect(testRun({ run: () => {} } as never)).rejects.toThrow(
      "testRun() needs a flow, made with flow(), got an object",
    );
    await expect(testRun(f, { stubs: [1] } as never)).rejects.toThrow(DefinitionError);
    await expect(testRun(f, { stub: {} } as never)).rejects.toThrow("Unknown option `stub`");
  });
});
