/**
 * What the next run of a flow would take up from its log, for people who ask before they start it. Reads the log, changes
 * nothing and calls nothing; what stands is judged by the core.
 */
import type { Flow, ResumeInfo, ResumeInfoOptions, SerializedReport } from "@astrum/core";
import { checkOptions, type Rules } from "astrum-options";
import { type Encryption, encryptionRule } from "../reading/sealed.ts";
import { visible, visibleName } from "../wording/visible.ts";
import { lastRun } from "./last-run.ts";
import { flowName, logFile } from "./log-file.ts";

export interface LogInfoOptions {
  /** Values for the flow's parameters, as for its run. Without them, what reads them is not known to stand. */
  readonly params?: ResumeInfoOptions["params"] | undefined;
  /** Ask for these tasks and what they need only, as for its run. */
  readonly targets?: ResumeInfoOptions["targets"] | undefined;
  /** As the log was written with. */
  readonly encryption?: Encryption | undefined;
}

/** What the options of a run are, the run's own check says. */
const RULES: Rules<LogInfoOptions> = {
  params: () => {},
  targets: () => {},
  encryption: encryptionRule,
};

/** What would be restored, what would be called again and why. */
export interface LogInfo extends ResumeInfo {
  /** The run that would be taken up; none for a fresh start. */
  readonly run: Pick<SerializedReport["run"], "id" | "startedAt"> | undefined;
  /** The same for people: some lines, of which those about single tasks are cut after twenty. */
  readonly summary: string;
}

/**
 * Tells what `resumable(path, flow)` would do with the next run, without a lock and without calling anything but the schemas
 * of parameters.
 *
 * @throws ReportFormatError when it is no event log, or a damaged one.
 * @throws DefinitionError for options that a run would refuse, and PlanError for such parameters and targets.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 * import { resumeInfo } from "@astrum/reporters";
 *
 * const nightly = flow("nightly", { rows: task("rows", async () => [1, 2, 3]) });
 * const { summary } = await resumeInfo("nightly.ndjson", nightly);
 * console.log(summary); // A fresh start: there is no run of flow "nightly" in the log yet.
 * ```
 */
export async function resumeInfo(
  path: string | URL,
  flow: Pick<Flow<unknown>, "name" | "resumeInfo">,
  options: LogInfoOptions = {},
): Promise<LogInfo> {
  checkOptions("resumeInfo", options, RULES);
  const file = logFile("resumeInfo", path);
  const name = flowName("resumeInfo", flow);
  const { encryption, ...asked } = options;
  const exists = process.getBuiltinModule("node:fs").existsSync(file);
  const { last, takenUp } = exists ? lastRun(file, name, encryption) : NOTHING;
  if (takenUp === undefined) {
    const why =
      last === undefined
        ? `there is no run of flow "${visible(name)}" in the log yet`
        : `the last run of flow "${visible(name)}", ${told(last)}, completed`;
    const info = { restored: [], rerun: [], ignored: [], undecided: [] };
    return { run: undefined, ...info, summary: `A fresh start: ${why}.` };
  }
  const info = await flow.resumeInfo({ ...asked, resumeFrom: takenUp });
  const { id, startedAt } = takenUp.run;
  return { run: { id, startedAt }, ...info, summary: summaryOf(takenUp, info) };
}

const NOTHING = { last: undefined, takenUp: undefined };

/** Lines about single tasks. */
const SHOWN = 20;

function summaryOf(report: SerializedReport, info: ResumeInfo): string {
  const { restored, rerun, undecided } = info;
  const state = report.executionState === "failed" ? "failed" : `was ${report.executionState}`;
  const lines = [
    `Takes up ${told(report)}, which ${state}.`,
    `${counted(restored.length, "result")} restored${restored.length === 0 ? "." : ":"}`,
    ...some(restored, (task) => visibleName(task)),
  ];
  if (undecided.length > 0) {
    const are = undecided.length === 1 ? "result is" : "results are";
    lines.push(`${undecided.length} more stored ${are} compared once the run knows the inputs.`);
  }
  lines.push(
    `${counted(rerun.length, "task or item")} called again${rerun.length === 0 ? "." : ":"}`,
  );
  lines.push(...some(rerun, ({ task, why }) => `${visibleName(task)}: ${visible(why)}`));
  return lines.join("\n");
}

function told({ run: { id, startedAt } }: SerializedReport): string {
  return `run ${visible(id)} of ${startedAt}`;
}

function counted(count: number, what: string): string {
  const [first = "", ...rest] = what.split(" ");
  const many = [`${first}s`, ...rest.map((word) => (word === "or" ? word : `${word}s`))].join(" ");
  return count === 1 ? `1 ${what} is` : `${count} ${many} are`;
}

function some<T>(list: readonly T[], line: (item: T) => string): string[] {
  const lines = list.slice(0, SHOWN).map((item) => `  ${line(item)}`);
  if (list.length > SHOWN) lines.push(`  … and ${list.length - SHOWN} more`);
  return lines;
}
