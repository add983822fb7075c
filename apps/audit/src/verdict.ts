/**
 * Holds what was found against what is allowed. Pure; a part that is missing makes the verdict incomplete, never clean,
 * unless there is nothing that it could have been taken from.
 */
import {
  compareFindings,
  type Finding,
  type FindingKind,
  findingKinds,
  type Skip,
} from "./finding.ts";
import type { Survey } from "./survey.ts";

/** A repository always has places that are hotter than others: they are told, and fail nothing. */
export type LimitedKind = Exclude<FindingKind, "hotspots">;
export const limitedKinds: readonly LimitedKind[] = findingKinds.filter(
  (kind) => kind !== "hotspots",
);

export interface Limits {
  /** Kinds whose findings can fail the audit. */
  readonly failOn: readonly LimitedKind[];
  /** How many duplicated blocks are allowed. Of every other kind, none is. */
  readonly maxDup: number;
}

export interface Parts {
  readonly survey?: Survey | undefined;
  /** All findings of a kind; a kind that is not here is not known. */
  readonly findings: { readonly [K in FindingKind]?: readonly Finding[] | undefined };
  /** Kinds that could not be judged here at all, with the reason. */
  readonly notJudged?: { readonly [K in FindingKind]?: string };
}

export interface Verdict {
  readonly state: "passed" | "failed" | "incomplete";
  /** The kinds that are over their limit. */
  readonly over: readonly LimitedKind[];
  /** `null`: not known, since that part of the audit did not finish or could not be judged. */
  readonly counts: Readonly<Record<FindingKind, number | null>>;
  readonly notJudged: { readonly [K in FindingKind]?: string };
  readonly limits: Limits;
  readonly textFiles: number | null;
  readonly binaryFiles: number | null;
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skip[];
}

export function judge({ survey, findings, notJudged = {} }: Parts, limits: Limits): Verdict {
  const counts = Object.fromEntries(
    findingKinds.map((kind) => [kind, findings[kind]?.length ?? null]),
  ) as Record<FindingKind, number | null>;
  const over = limits.failOn.filter(
    (kind) => (counts[kind] ?? 0) > (kind === "dup" ? limits.maxDup : 0),
  );
  const missing = findingKinds.some(
    (kind) => counts[kind] === null && notJudged[kind] === undefined,
  );
  const complete = survey !== undefined && !missing;
  return {
    state: complete ? (over.length > 0 ? "failed" : "passed") : "incomplete",
    over,
    counts,
    notJudged,
    limits,
    textFiles: survey?.textFiles ?? null,
    binaryFiles: survey?.binaryFiles ?? null,
    findings: findingKinds.flatMap((kind) => findings[kind] ?? []).sort(compareFindings),
    skipped: survey?.skipped ?? [],
  };
}
