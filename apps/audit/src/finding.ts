/**
 * What the audit can say about a repository. Every finding is a fact that a reader can check at `path:line`.
 * Knows nothing of how a finding is found, limited or printed.
 */
import type { Apart } from "./apart.ts";

/** The kinds of finding, in the order in which the verdict names them. */
export const findingKinds = ["links", "cycles", "dup", "hotspots"] as const;
export type FindingKind = (typeof findingKinds)[number];

interface Told {
  readonly path: string;
  readonly line: number;
  readonly message: string;
  /** Why it is told and not counted; absent, it counts. */
  readonly apart?: Apart;
}

/** A relative Markdown link whose file or anchor does not exist. */
export interface LinkFinding extends Told {
  readonly kind: "links";
  /** As written in the document. */
  readonly target: string;
}

/** Files that import each other in a circle; one finding for each strongly connected component. */
export interface CycleFinding extends Told {
  readonly kind: "cycles";
  /** A shortest cycle, its first file not repeated at the end. */
  readonly files: readonly string[];
  /** Every file that reaches every other here, sorted; those of the cycle among them. */
  readonly members: readonly string[];
}

/** A block of source lines that occurs more than once. */
export interface DuplicateFinding extends Told {
  readonly kind: "dup";
  /** Compared lines in the block: blank lines, comments and imports are not counted. */
  readonly lines: number;
  readonly occurrences: readonly Occurrence[];
}

export interface Occurrence {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** A file that changed often and decides much; `line` is that of its function with the most decisions. */
export interface HotspotFinding extends Told {
  readonly kind: "hotspots";
  /** How many of the commits that were looked at changed it. */
  readonly commits: number;
  readonly decisions: number;
}

export type Finding = LinkFinding | CycleFinding | DuplicateFinding | HotspotFinding;

/** Something the audit did not look at, and why. Never a finding, never silent. */
export interface Skip {
  readonly path: string;
  readonly reason: string;
}

/** Paths compare by code unit, so that the order is the same on every machine and in every locale. */
export function comparePaths(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** By path, then line, then kind, then message. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    comparePaths(a, b) ||
    a.line - b.line ||
    findingKinds.indexOf(a.kind) - findingKinds.indexOf(b.kind) ||
    (a.message < b.message ? -1 : a.message > b.message ? 1 : 0)
  );
}
