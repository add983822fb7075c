/**
 * For tests of graphs, the users' and our own: a clock that does not wait, tasks that follow a script, and the machine's
 * events as text. An entry of its own, `@astrum/core/testing`; production code never imports it.
 */
import { type Flow, GraphFlow } from "./doors/flow.ts";
import { RECORDER } from "./doors/launch.ts";
import { type Recording, Tape } from "./doors/replay.ts";
import { STUBS, stubbing } from "./doors/stubs.ts";
import type { Recorder } from "./drive/execution.ts";
import type { RunOptions } from "./drive/options.ts";
import { otherCopy } from "./ground/brand.ts";
import { Issues } from "./ground/check.ts";
import { describe } from "./ground/describe.ts";
import { DefinitionError } from "./ground/errors.ts";
import type { ExecutionReport } from "./report/execution-report.ts";
import { VirtualClock } from "./testing/virtual-clock.ts";

export { type Recording, replay, trace } from "./doors/replay.ts";
export { BrokenSchedule } from "./testing/broken-schedule.ts";
export { type Explored, type ExploreOptions, explore } from "./testing/explore.ts";
export { type Step, scripted } from "./testing/scripted.ts";
export { VirtualClock } from "./testing/virtual-clock.ts";

/** Options that record the run they are given to, and the recording: give the options to one run only. */
export function recorded<O extends RunOptions>(options?: O): { options: O; recording: Recording } {
  const tape = new Tape();
  const recorder: Recorder = tape;
  const withRecorder = { ...options, [RECORDER]: recorder } as unknown as O;
  return { options: withRecorder, recording: tape };
}

export interface TestRunOptions extends RunOptions {
  /**
   * By the name of a task: its output, or a function that is called in the place of its own, with the same inputs and
   * options. With an output nothing of the task is called, and what only it needs does not run.
   */
  readonly stubs?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Runs a flow with stand-ins for some of its tasks. On a `VirtualClock`, given as `clock`, time is moved on until the run
 * has settled. Rejects as `flow.run()` does, and with a `PlanError` that names each stand-in without a task.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 * import { testRun } from "@astrum/core/testing";
 *
 * const user = task("user", async () => (await fetch("http://localhost:1/user")).json());
 * const card = task("card", { user }, ({ user }) => `card of ${user.name}`);
 * const page = flow("page", { card });
 *
 * const done = await testRun(page, { stubs: { user: { name: "Ada" } } });
 * console.log(done.unwrap().card); // card of Ada
 *
 * const down = () => Promise.reject(new Error("down"));
 * const failed = await testRun(page, { stubs: { user: down } });
 * console.log(failed.errorSummary); // [ 'Task "user" failed: down' ]
 * ```
 */
export async function testRun<O>(
  flow: Flow<O>,
  options: TestRunOptions = {},
): Promise<ExecutionReport<O>> {
  const issues = new Issues();
  if (!(flow instanceof GraphFlow)) {
    // Stand-ins are handed over under a symbol that another copy of the package does not know.
    const got = otherCopy(flow, "flow") ?? describe(flow);
    issues.add("invalid-argument", `testRun() needs a flow, made with flow(), got ${got}`, [
      "flow",
    ]);
  }
  const given = issues.record([], options);
  issues.record(["stubs"], given?.stubs);
  issues.throwAs(DefinitionError);
  const { stubs = {}, ...rest } = options;
  const report = flow.run({ ...rest, [STUBS]: stubbing(stubs) } as RunOptions);
  return options.clock instanceof VirtualClock ? options.clock.run(report) : report;
}
