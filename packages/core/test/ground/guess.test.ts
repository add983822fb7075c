import { describe, expect, it } from "vitest";
import { DynamicScheduler, flow, task } from "../../src/index.ts";
import { refusal } from "../refusal.ts";

const nothing = (): void => {};

describe("A guess", () => {
  it.each([
    ["retries", "retry"],
    ["maxRetries", "retry"],
    ["timeout", "timeoutMs"],
    ["timeoutSeconds", "timeoutMs"],
    ["timeout_ms", "timeoutMs"],
    ["if", "when"],
    ["condition", "when"],
    ["schema", "output"],
    ["continueOnError", "onFailure"],
    ["continue-on-error", "onFailure"],
  ])("knows what other tools call an option of a task: %s", async (given, meant) => {
    const load = task("load", nothing, { [given]: 1 });
    expect(await refusal(() => flow("f", { load }))).toEqual([
      `Unknown option \`${given}\` of task "load". Did you mean "${meant}"?`,
    ]);
  });

  it.each([
    ["limit", "concurrency"],
    ["parallelism", "concurrency"],
    ["abortSignal", "signal"],
    ["timeout", "timeoutMs"],
    ["failFast", "failure"],
    ["plugins", "observers"],
    ["parameters", "params"],
    ["only", "targets"],
    ["resume", "resumeFrom"],
  ])("knows what other tools call an option of a run: %s", async (given, meant) => {
    expect(await refusal(() => flow("f", {}).run({ [given]: 1 }))).toEqual([
      `Unknown option \`${given}\`. Did you mean "${meant}"?`,
    ]);
  });

  it.each([
    ["retries", "attempts"],
    ["times", "attempts"],
    ["minTimeout", "baseMs"],
    ["initialInterval", "baseMs"],
    ["maxDelay", "maxMs"],
    ["randomize", "jitter"],
    ["shouldRetry", "retryIf"],
  ])("knows what other tools call a part of a retry policy: %s", async (given, meant) => {
    const load = task("load", nothing, { retry: { attempts: 1, [given]: 1 } });
    expect(await refusal(() => flow("f", { load }))).toEqual([
      `Unknown option \`${given}\` of \`retry\` of task "load". Did you mean "${meant}"?`,
    ]);
  });

  it("does not take a word of another place for one of this", async () => {
    const load = task("load", nothing, { concurrency: 1, deps: 1, constructor: 1 } as never);
    expect(await refusal(() => flow("f", { load }))).toEqual([
      expect.stringMatching(/^Unknown option `concurrency` of task "load"\. There are retry, /),
      expect.stringMatching(/^Unknown option `deps` of task "load"\. There are retry, /),
      expect.stringMatching(/^Unknown option `constructor` of task "load"\. There are retry, /),
    ]);
  });

  it("is never the task itself", async () => {
    const waits = (on: string, ...others: string[]): DynamicScheduler =>
      new DynamicScheduler(
        ["load", ...others].map((name) => [name, nothing]),
        [
          { taskName: "load", dependencies: [{ taskName: on }] },
          ...others.map((taskName) => ({ taskName })),
        ],
      );
    expect(await refusal(() => waits("lod").plan())).toEqual([
      'Task "load" depends on "lod", which is not defined.',
    ]);
    expect(await refusal(() => waits("lod", "lode").plan())).toEqual([
      'Task "load" depends on "lod", which is not defined. Did you mean "lode"?',
    ]);
  });

  it("helps who asks for a task that is not there", async () => {
    const run = flow("f", { extract: task("extract", nothing) }).start();
    expect(() => run.cancelTask("extrct")).toThrow(/"extrct".*Did you mean "extract"\?$/);
    const report = await run.report;
    expect(() => report.outcome("extrct")).toThrow(/"extrct".*Did you mean "extract"\?$/);
  });
});
