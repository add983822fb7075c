/** The verdict as text: for people, for `grep`, for other programs. Writes nothing anywhere. */
import type { Finding, FindingKind, Skip } from "./finding.ts";
import type { Verdict } from "./verdict.ts";

/** `docs/a.md:12  links  no such file or folder: docs/b.md` */
export function findingLine({ path, line, kind, message }: Finding): string {
  return visible(`${path}:${line}  ${kind}  ${message}`);
}

export function skipLine({ path, reason }: Skip): string {
  return visible(`skipped ${path || "."}: ${reason}`);
}

export function verdictLine(verdict: Verdict): string {
  const { state, over, limits, textFiles, binaryFiles, skipped } = verdict;
  const what = state === "failed" ? `failed on ${over.join(", ")}` : state;
  const parts = [
    found(verdict, "links", "broken link"),
    found(verdict, "cycles", "import cycle"),
    `${found(verdict, "dup", "duplicated block")} (${limits.maxDup} allowed)`,
    found(verdict, "secrets", "likely secret"),
    found(verdict, "hotspots", "hotspot"),
    found(verdict, "oversized", "oversized file"),
    found(verdict, "binary", "non-media binary file"),
  ];
  const lookedAt = `${count(textFiles, "text file")} and ${count(binaryFiles, "binary file")}`;
  return `${what}: ${parts.join(", ")}; looked at ${lookedAt}, media included; skipped ${skipped.length}`;
}

function found({ counts, notJudged }: Verdict, kind: FindingKind, what: string): string {
  return notJudged[kind] === undefined ? count(counts[kind], what) : `${what}s not judged`;
}

/** Why a kind of finding is missing from the verdict. */
export function notJudgedLines({ notJudged }: Verdict): string[] {
  return Object.entries(notJudged).map(([kind, reason]) => visible(`no ${kind}: ${reason}`));
}

/** The document behind `--json` and `findings.json`. */
export function findingsJson(verdict: Verdict): string {
  const document = { format: "astrum-audit.findings", formatVersion: "1.1", ...verdict };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function count(n: number | null, what: string): string {
  return `${n ?? "?"} ${what}${n === 1 ? "" : "s"}`;
}

/** A file name may hold line breaks and terminal codes; a line of output must not. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
