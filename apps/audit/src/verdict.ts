/**
 * Holds what was found against what is allowed. Pure; a part that is missing makes the verdict incomplete, never clean.
 */
import {
  compareFindings,
  type Finding,
  type FindingKind,
  findingKinds,
  type Skip,
} from "./finding.ts";
import type { Survey } from "./survey.ts";

export interface Limits {
  /** Kinds whose findings can fail the audit. */
  readonly failOn: readonly FindingKind[];
  /** How many duplicated blocks are allowed. Of broken links and cycles, none is. */
  readonly maxDup: number;
}

export type Parts = { readonly [K in FindingKind]?: readonly Finding[] | undefined } & {
  readonly survey?: Survey | undefined;
};

export interface Verdict {
  readonly state: "passed" | "failed" | "incomplete";
  /** The kinds that are over their limit. */
  readonly over: readonly FindingKind[];
  /** `null`: not known, since that part of the audit did not finish. */
  readonly counts: Readonly<Record<FindingKind, number | null>>;
  readonly limits: Limits;
  readonly textFiles: number | null;
  readonly binaryFiles: number | null;
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skip[];
}

export function judge(parts: Parts, limits: Limits): Verdict {
  const { links, cycles, dup, survey } = parts;
  const counts = {
    links: links?.length ?? null,
    cycles: cycles?.length ?? null,
    dup: dup?.length ?? null,
  };
  const allowed = { links: 0, cycles: 0, dup: limits.maxDup };
  const over = limits.failOn.filter((kind) => (counts[kind] ?? 0) > allowed[kind]);
  const complete = survey !== undefined && findingKinds.every((kind) => counts[kind] !== null);
  return {
    state: complete ? (over.length > 0 ? "failed" : "passed") : "incomplete",
    over,
    counts,
    limits,
    textFiles: survey?.textFiles ?? null,
    binaryFiles: survey?.binaryFiles ?? null,
    findings: [...(links ?? []), ...(cycles ?? []), ...(dup ?? [])].sort(compareFindings),
    skipped: survey?.skipped ?? [],
  };
}
