/**
 * What a run would take over from an earlier one, told without running it: for people who ask before they start again. Looks
 * at what a run would look at before its first task, and at lists that are known then; calls nothing of the user.
 */
import { paramsOf } from "../define/given-params.ts";
import type { Graph } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import { bindingsOf } from "../drive/bindings.ts";
import { checkRunOptions, checkTaken, type RunOptions } from "../drive/options.ts";
import { checkParameters, type Parameters } from "../drive/parameters.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError, PlanError } from "../ground/errors.ts";
import { Run } from "../machine/run.ts";
import { Lineage } from "../report/lineage.ts";
import { Basis } from "../report/origin.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import { type Earlier, readEarlier } from "../resume/earlier.ts";
import { Restoration } from "../resume/restore.ts";

/** What `resume` of the report will say, as far as it is known before the run. */
export interface ResumeInfo extends NonNullable<SerializedReport["resume"]> {
  /** Items that were stored, of lists that only the run will know: each is compared then. */
  readonly undecided: readonly string[];
}

/** Which run is asked about. */
export type ResumeInfoOptions = Pick<RunOptions, "resumeFrom" | "params" | "targets">;

/** `whole`: the graph that is planned. Rejects with what a run would refuse, but for parameters that are missing. */
export async function resumeInfo(
  whole: Graph,
  planned: (targets: readonly string[] | undefined) => GraphPlan,
  given: ResumeInfoOptions,
): Promise<ResumeInfo> {
  const issues = new Issues();
  const { resumeFrom, params, targets } = checkRunOptions(issues, given);
  if (resumeFrom === undefined) issues.expected(["resumeFrom"], "a report", undefined);
  issues.throwAs(DefinitionError);
  const plan = planned(targets);
  checkTaken(issues, bindingsOf(params) ?? [], paramsOf(whole.definitions));
  issues.throwAs(PlanError);
  const values = await checkParameters(plan.graph, params);
  const earlier = readEarlier(new Issues(), resumeFrom) as Earlier;
  // Nothing has come up inside of a task yet.
  const { ledger } = new Run(plan, {});
  const basis = new Basis(new Lineage(plan.graph, ledger), values);
  return judged(plan, new Restoration(plan, earlier, basis), values);
}

function judged(plan: GraphPlan, restoration: Restoration, params: Parameters): ResumeInfo {
  const listed = new Set<number>();
  for (const map of plan.order) {
    if (restoration.outputs.has(map)) continue;
    const list = listOf(plan, map, restoration, params);
    if (list === undefined) continue;
    restoration.items(map, list, undefined);
    listed.add(map);
  }
  const undecided = Array.from(
    restoration.unjudged((map) => listed.has(map)),
    ({ name }) => name,
  );
  return { ...restoration.summary, undecided };
}

/** The list of a map, where that is the very value of something that is there before the run. */
function listOf(
  plan: GraphPlan,
  map: number,
  { outputs }: Restoration,
  params: Parameters,
): readonly unknown[] | undefined {
  const { kind, slots, options } = plan.graph.definitions[
    map
  ] as GraphPlan["graph"]["definitions"][number];
  const [slot] = slots;
  if (kind !== "map" || slot === undefined || slot.select !== undefined) return undefined;
  // What items are called is for a function of the user to say.
  if (options?.key !== undefined) return undefined;
  let value: unknown;
  if (slot.kind === "param") value = params.get(slot.param?.name as string);
  else if (slot.kind === "constant") value = slot.constant;
  else if (slot.kind === "value" && slot.task !== undefined) {
    const name = typeof slot.task === "string" ? slot.task : slot.task.name;
    value = outputs.get(plan.graph.index.get(name) ?? -1)?.value;
  }
  return slot.schema === undefined && Array.isArray(value) ? value : undefined;
}
