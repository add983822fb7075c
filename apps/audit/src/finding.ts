/**
 * What the audit can say about a repository. Every finding is a fact that a reader can check at `path:line`.
 * Knows nothing of how a finding is found, limited or printed.
 */

/** The kinds of finding, in the order in which the verdict names them. */
export const findingKinds = [
  "links",
  "cycles",
  "dup",
  "secrets",
  "hotspots",
  "oversized",
  "binary",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** A relative Markdown link whose file or anchor does not exist. */
export interface LinkFinding {
  readonly kind: "links";
  readonly path: string;
  readonly line: number;
  readonly message: string;
  /** As written in the document. */
  readonly target: string;
}

/** Files that import each other in a circle; one finding for each strongly connected component. */
export interface CycleFinding {
  readonly kind: "cycles";
  readonly path: string;
  readonly line: number;
  readonly message: string;
  /** A shortest cycle, its first file not repeated at the end. */
  readonly files: readonly string[];
  /** How many files reach each other here; at least `files.length`. */
  readonly componentSize: number;
}

/** A block of source lines that occurs more than once. */
export interface DuplicateFinding {
  readonly kind: "dup";
  readonly path: string;
  readonly line: number;
  readonly message: string;
  /** Compared lines in the block: blank lines, comments and imports are not counted. */
  readonly lines: number;
  readonly occurrences: readonly Occurrence[];
}

export interface Occurrence {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** What is likely a credential. Of its value, nothing is here but a prefix that all of its kind share. */
export interface SecretFinding {
  readonly kind: "secrets";
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** A file that changed often and decides much; `line` is that of its function with the most decisions. */
export interface HotspotFinding {
  readonly kind: "hotspots";
  readonly path: string;
  readonly line: number;
  readonly message: string;
  /** How many of the commits that were looked at changed it. */
  readonly commits: number;
  readonly decisions: number;
}

/** A file that is too large to be audited. */
export interface OversizedFinding {
  readonly kind: "oversized";
  readonly path: string;
  readonly line: 1;
  readonly message: string;
  readonly bytes: number;
}

/** A file that is neither text nor a picture, a font, sound, film or a model. */
export interface BinaryFinding {
  readonly kind: "binary";
  readonly path: string;
  readonly line: 1;
  readonly message: string;
  readonly bytes: number;
}

export type Finding =
  | LinkFinding
  | CycleFinding
  | DuplicateFinding
  | SecretFinding
  | HotspotFinding
  | OversizedFinding
  | BinaryFinding;

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
