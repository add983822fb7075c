/** What a graph cannot have that is run stage by stage, and a run of it. */
import { type Graph, OPTIONAL, SETTLED } from "../define/graph.ts";
import type { Issues } from "../ground/check.ts";
import type { SchedulerOptions } from "./records.ts";

/**
 * The documented algorithm is first come, first served, and stops at the first failure that it notices: what orders or
 * weighs tasks, or lets others run on, has no place in it.
 */
export function checkStaged(
  issues: Issues,
  { definitions, dependencies: { start, kind } }: Graph,
  { resources, estimates, failure = "stop", finallyTasks = [] }: SchedulerOptions,
): void {
  const refuse = (what: string, path: readonly string[]): void =>
    issues.add(
      "not-with-stages",
      `${what} cannot be used with \`dispatch: "stages"\`: leave it out, or dispatch by dependencies`,
      path,
    );
  if (resources !== undefined) refuse("`resources`", ["resources"]);
  if (estimates !== undefined) refuse("`estimates`", ["estimates"]);
  if (finallyTasks.length > 0) refuse("`finallyTasks`", ["finallyTasks"]);
  if (failure !== "stop") {
    refuse(
      typeof failure === "string" ? `\`failure: "${failure}"\`` : "`failure: { maxFailures }`",
      ["failure"],
    );
  }
  definitions.forEach(({ name, kind: what, options }, task) => {
    if (what === "map") refuse(`Map "${name}"`, ["maps", name]);
    const edges = kind.subarray(start[task], start[task + 1]);
    if (edges.includes(OPTIONAL) || edges.includes(SETTLED))
      refuse(`\`edges\` of task "${name}"`, ["taskOrder", name, "edges"]);
    if (options?.priority !== undefined)
      refuse(`The priority of task "${name}"`, ["taskOptions", name, "priority"]);
    if (options?.release !== undefined)
      refuse(`\`release\` of task "${name}"`, ["taskOptions", name, "release"]);
    if (options?.resources !== undefined)
      refuse(`\`resources\` of task "${name}"`, ["taskOptions", name, "resources"]);
  });
}
