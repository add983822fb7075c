/** What the tasks of the audit leave behind, and how it becomes what is judged. Judges nothing itself. */
import type { Outcome } from "@astrum/core";
import type { CycleFinding, DuplicateFinding, HotspotFinding, LinkFinding } from "./finding.ts";
import type { Churn } from "./git-churn.ts";
import type { Survey } from "./survey.ts";
import type { Parts, Verdict } from "./verdict.ts";

/** When a run is cut short, what was finished is here and the verdict is not. */
export interface AuditOutputs extends Findings {
  readonly verdict: Verdict;
  /** Where. */
  readonly written: string;
}

interface Findings {
  readonly survey: Survey;
  /** By shard of documents. */
  readonly links: readonly LinkFinding[][];
  readonly cycles: readonly CycleFinding[];
  readonly dup: readonly DuplicateFinding[];
  readonly hotspots: readonly HotspotFinding[];
}

type Unfinished<Outputs> = { readonly [Name in keyof Outputs]?: Outputs[Name] | undefined };
type Outcomes<Outputs> = { readonly [Name in keyof Outputs]: Outcome<Outputs[Name]> };

export function partsOf(outputs: Unfinished<Findings>): Parts {
  const { survey, links, cycles, dup, hotspots } = outputs;
  return { survey, findings: { links: links?.flat(), cycles, dup, hotspots } };
}

/** Where git has no history to tell, there are no hotspots to judge. */
export function partsOfOutcomes({
  churn,
  ...outcomes
}: Outcomes<Findings & { readonly churn: Churn }>): Parts {
  const parts = partsOf({
    survey: outputOf(outcomes.survey),
    links: outputOf(outcomes.links),
    cycles: outputOf(outcomes.cycles),
    dup: outputOf(outcomes.dup),
    hotspots: outputOf(outcomes.hotspots),
  });
  const noHistory = whyNot(churn);
  return noHistory === undefined ? parts : { ...parts, notJudged: { hotspots: noHistory } };
}

function outputOf<Value>(outcome: Outcome<Value>): Value | undefined {
  return outcome.status === "completed" ? outcome.value : undefined;
}

function whyNot(outcome: Outcome<unknown>): string | undefined {
  if (outcome.status === "skipped") return outcome.reason;
  if (outcome.status !== "failed") return undefined;
  return outcome.error instanceof Error ? outcome.error.message : String(outcome.error);
}
