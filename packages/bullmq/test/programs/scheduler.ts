/** A scheduler process of the tests: always the same graph of 1,200 tasks, which are held. Prints its report when it is done. */
import { flow, task } from "@astrum/core";
import { connectFleet, type FleetOptions, remote } from "../../src/index.ts";

const { runId, ...options } = JSON.parse(process.argv[2] ?? "{}") as FleetOptions & {
  runId: string;
};
const fleet = await connectFleet(options);
const { held } = remote<typeof import("../modules/jobs.ts")>();
const tasks = Array.from({ length: 1_200 }, (_, n) => {
  const input = task(`n${n}`, () => n);
  return [`t${n}`, task(`t${n}`, { n: input }, fleet.task(held))] as const;
});
const report = await flow("all", Object.fromEntries(tasks)).run({ runId, concurrency: 20 });
console.log(
  JSON.stringify({
    state: report.executionState,
    outputs: report.outputs,
    errors: report.errorSummary,
  }),
);
await fleet.close();
