/** The verdict as text: for people, for `grep`, for other programs. Writes nothing anywhere. */
import { type Finding, type FindingKind, findingKinds, type Skip } from "./finding.ts";
import type { Verdict } from "./verdict.ts";

/** `docs/a.md:12  links  no such file or folder: docs/b.md` */
function findingLine({ path, line, kind, message }: Finding): string {
  return visible(`${path}:${line}  ${kind}  ${message}`);
}

export function skipLine({ path, reason }: Skip): string {
  return `skipped ${path || "."}: ${reason}`;
}

/** A line for each finding that counts, and the verdict. */
export function verdictLines(verdict: Verdict): string[] {
  const counted = verdict.findings.filter(({ apart }) => apart === undefined);
  return [...counted.map(findingLine), verdictLine(verdict)];
}

function verdictLine(verdict: Verdict): string {
  const { state, over, limits, textFiles, skipped } = verdict;
  const what = state === "failed" ? `failed on ${over.join(", ")}` : state;
  const allowed = limits.failOn.includes("dup") ? ` (${limits.maxDup} allowed)` : "";
  const parts = [
    found(verdict, "links", "broken link"),
    found(verdict, "cycles", "import cycle"),
    found(verdict, "dup", "duplicated block") + allowed,
    found(verdict, "hotspots", "hotspot"),
  ];
  const lookedAt = count(textFiles, "text file");
  return `${what}: ${parts.join(", ")}; looked at ${lookedAt}; skipped ${skipped.length}`;
}

function found({ counts, notJudged }: Verdict, kind: FindingKind, what: string): string {
  return notJudged[kind] === undefined ? count(counts[kind], what) : `${what}s not judged`;
}

/** Why a kind of finding is missing from the verdict. */
export function notJudgedLines({ notJudged }: Verdict): string[] {
  return Object.entries(notJudged).map(([kind, reason]) => `no ${kind}: ${reason}`);
}

/** What was found and is not among the lines, since it does not count: how many of each kind, and why. */
export function apartLines({ findings }: Verdict): string[] {
  return findingKinds.flatMap((kind) => {
    const reasons = new Map<string, number>();
    for (const finding of findings) {
      if (finding.kind !== kind || finding.apart === undefined) continue;
      reasons.set(finding.apart, (reasons.get(finding.apart) ?? 0) + 1);
    }
    const told = [...reasons].map(([apart, n]) => `${n} ${apart}`).join(", ");
    return told === "" ? [] : [`not counted, in findings.json: ${kind}: ${told}`];
  });
}

/** The document behind `--json` and `findings.json`. */
export function findingsJson(verdict: Verdict): string {
  const document = { format: "astrum-audit.findings", formatVersion: "2.0", ...verdict };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function count(n: number | null, what: string): string {
  return `${n ?? "?"} ${what}${n === 1 ? "" : "s"}`;
}

/** A file name may hold line breaks and terminal codes; a line of output must not. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
