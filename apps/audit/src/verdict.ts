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
  /** Of those that count. `null`: that part of the audit did not finish, or there was nothing to judge. */
  readonly counts: Readonly<Record<FindingKind, number | null>>;
  /** Of those that are told and do not count. */
  readonly apart: Readonly<Record<FindingKind, number>>;
  readonly notJudged: { readonly [K in FindingKind]?: string };
  readonly limits: Limits;
  readonly textFiles: number | null;
  readonly binaryFiles: number | null;
  /** From how many files findings of a kind could come. */
  readonly from: Readonly<Record<FindingKind, number>> | null;
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skip[];
}

/** What there is none of, where nothing was read that could have had a finding. */
const sources: Readonly<Record<FindingKind, string>> = {
  links: "no Markdown was read",
  cycles: "no JavaScript or TypeScript was read",
  dup: "no source file was read whose language is compared",
  hotspots: "no JavaScript or TypeScript was read",
};

export function judge({ survey, findings, notJudged: given = {} }: Parts, limits: Limits): Verdict {
  const notJudged: { [K in FindingKind]?: string } = {};
  for (const kind of findingKinds) {
    const reason = given[kind] ?? (survey?.from[kind] === 0 ? sources[kind] : undefined);
    if (reason !== undefined) notJudged[kind] = reason;
  }
  const number = (kind: FindingKind, counts: boolean): number | undefined =>
    findings[kind]?.filter(({ apart }) => (apart === undefined) === counts).length;
  const counts = each((kind) =>
    notJudged[kind] === undefined ? (number(kind, true) ?? null) : null,
  );
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
    apart: each((kind) => number(kind, false) ?? 0),
    notJudged,
    limits,
    textFiles: survey?.textFiles ?? null,
    binaryFiles: survey?.binaryFiles ?? null,
    from: survey?.from ?? null,
    findings: findingKinds.flatMap((kind) => findings[kind] ?? []).sort(compareFindings),
    skipped: survey?.skipped ?? [],
  };
}

function each<Value>(of: (kind: FindingKind) => Value): Record<FindingKind, Value> {
  return { links: of("links"), cycles: of("cycles"), dup: of("dup"), hotspots: of("hotspots") };
}
