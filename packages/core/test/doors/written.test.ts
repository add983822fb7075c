import { describe, expect, it, vi } from "vitest";
import { DefinitionError, DynamicScheduler } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { refusal } from "../refusal.ts";

const nothing = (): void => {};

describe("DynamicScheduler.from()", () => {
  it("makes the scheduler that the same records would make", async () => {
    const retry = { attempts: 1, backoff: "fixed", baseMs: 5 } as const;
    const load = vi.fn((rows: number[]) => rows.length);
    const extract = vi
      .fn(() => ({ rows: [1, 2] }))
      .mockImplementationOnce(() => {
        throw new Error("first");
      });
    const inputs = [{ from: { task: "extract", key: "rows" }, to: { index: 0 } }];
    const options = { name: "etl", concurrency: 2, ignoreTailTasks: ["mail"] };
    const written = DynamicScheduler.from(
      {
        extract: { run: extract, retry },
        load: { run: load, inputs, tags: ["db"], priority: 2 },
        mail: { run: nothing, dependencies: ["load"], timeoutMs: 50 },
      },
      options,
    );
    const recorded = new DynamicScheduler(
      [
        ["extract", extract],
        ["load", load],
        ["mail", nothing],
      ],
      [{ taskName: "extract" }, { taskName: "load" }, { taskName: "mail", dependencies: ["load"] }],
      {
        ...options,
        taskDataRefs: { load: { inputs } },
        taskRetries: { extract: retry },
        taskOptions: { load: { tags: ["db"], priority: 2 }, mail: { timeoutMs: 50 } },
      },
    );
    expect(written.plan().tasks).toEqual(recorded.plan().tasks);
    expect(written.plan().explain()).toBe(recorded.plan().explain());
    const clock = new VirtualClock();
    const report = await clock.run(written.execute({ clock }));
    expect([report.unwrap().load, report.flakyTasks, report.run.flow]).toEqual([2, 1, "etl"]);
  });

  it("takes a graph from a file, whose entries are given their functions", async () => {
    const file = JSON.parse(
      '{ "clean": {}, "build": { "dependencies": ["clean"] }, "lint": {} }',
    ) as Record<string, { dependencies?: string[] }>;
    const ran: string[] = [];
    const scheduler = DynamicScheduler.from(
      Object.fromEntries(
        Object.entries(file).map(([name, task]) => [name, { ...task, run: () => ran.push(name) }]),
      ),
    );
    await scheduler.execute({ targets: ["build"] });
    expect(ran).toEqual(["clean", "build"]);
  });

  it("says where a function belongs, and what other tools call it", async () => {
    const run = (): number => 1;
    const tasks = { a: run, b: { fn: run }, c: { run, handler: run } };
    expect(await refusal(() => DynamicScheduler.from(tasks as never))).toEqual([
      'Expected task "a" to be an object, got `a function`: write { run: … }',
      'Unknown option `fn` of task "b". Did you mean "run"?',
      'Task "b" needs a function, got undefined',
      'Unknown option `handler` of task "c". Did you mean "run"?',
    ]);
  });

  it("refuses all that is wrong at once, in the words in which it is written", async () => {
    const run = vi.fn();
    const tasks = {
      "": { run },
      build: { run, needs: ["clean"], dependencies: "clean", retry: -1 },
      clean: { dependencies: [1] },
      load: { run, inputs: [{ from: { task: "build" } }], timeoutMs: 0, prioritty: 1 },
      deploy: null,
      mail: { run, dependencies: [""] },
    };
    const options = {
      concurrency: 0,
      taskRetries: { build: 1 },
      taskOptions: {},
      taskDataRefs: {},
    };
    expect(await refusal(() => DynamicScheduler.from(tasks as never, options as never))).toEqual([
      "The name of a task must not be empty",
      'Unknown option `needs` of task "build". Did you mean "dependencies"?',
      'Expected `dependencies` of task "build" to be an array of names of tasks, got `"clean"`',
      'Task "clean" needs a function, got undefined',
      'Expected `dependencies` of task "clean" to be an array of names of tasks, got `an array`',
      'Unknown option `prioritty` of task "load". Did you mean "priority"?',
      'Expected `inputs[0].to` of task "load" to be an object, got `null`',
      'Expected task "deploy" to be an object, got `null`',
      'Expected `dependencies` of task "mail" to be an array of names of tasks, got `an array`',
      "Unknown option `taskDataRefs`: write `inputs` with its task",
      "Unknown option `taskRetries`: write `retry` with its task",
      "Unknown option `taskOptions`: write each option with its task",
      "Expected `concurrency` to be an integer from 1 up or a Semaphore, got `0`",
      'Expected `retry` of task "build" to be an integer from 0 up, got `-1`',
      'Expected `timeoutMs` of task "load" to be a number of milliseconds above 0, got `0`',
    ]);
    expect(run).not.toHaveBeenCalled();
  });

  it("refuses what is no record of tasks", async () => {
    for (const tasks of [[], new Map(), null, undefined, "build"]) {
      expect(() => DynamicScheduler.from(tasks as never)).toThrow(DefinitionError);
    }
  });

  it("has an unknown dependency as a plan error, with the one that was probably meant", async () => {
    const scheduler = DynamicScheduler.from({
      clean: { run: nothing },
      build: { run: nothing, dependencies: ["claen"] },
    });
    expect((await scheduler.execute()).errorSummary).toEqual([
      'Task "build" depends on "claen", which is not defined. Did you mean "clean"?',
    ]);
  });

  it("takes names that are those of properties of objects", async () => {
    const tasks = JSON.parse('{ "__proto__": {}, "constructor": {}, "toString": {} }') as object;
    const scheduler = DynamicScheduler.from(
      Object.fromEntries(
        Object.keys(tasks).map((name) => [name, { run: () => name, timeoutMs: 100 }]),
      ),
    );
    const report = await scheduler.execute();
    expect(Object.keys(report.outputs)).toEqual(["__proto__", "constructor", "toString"]);
  });
});
