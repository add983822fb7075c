/**
 * The audit as a graph of tasks. Read it from top to bottom: each task names what it needs, and what it needs is a task
 * above it. How the tasks do their work is in the modules imported here, which know nothing of the graph.
 *
 *     discover ─▶ read* ─▶ analyse* ─┬─▶ cycles ───────────────────────────────┐
 *                                    ├─▶ link targets ─▶ links ────────────────┤
 *                                    ├─▶ duplicate candidates ─▶ compare* ─▶ dup ─▶ verdict
 *                                    └─▶ survey ───────────────────────────────┘
 *
 * A star marks a `map`: an item for each file, or for a few files or groups of candidates together, as many as the task
 * before it found. What computes for long is handed in as `work`, which runs on threads or on this one.
 */
import { type Flow, flow, map, type Outcome, pick, settled, task } from "@astrum/core";
import { having } from "./analyse/having.ts";
import { discover } from "./discover.ts";
import { duplicateCandidates } from "./duplicates/candidates.ts";
import type { Excerpt } from "./duplicates/compare.ts";
import { cutExcerpts } from "./duplicates/excerpt.ts";
import { duplicateFindings } from "./duplicates/findings.ts";
import { existingPaths } from "./existing-paths.ts";
import type { CycleFinding, DuplicateFinding, LinkFinding } from "./finding.ts";
import { importCycles } from "./import-cycles.ts";
import { brokenLinks, unknownTargets } from "./links.ts";
import { isPassing, readForAudit, textFiles } from "./read.ts";
import { inShards } from "./shards.ts";
import { type Survey, survey } from "./survey.ts";
import { judge, type Limits, type Verdict } from "./verdict.ts";
import type { AuditWork } from "./work.ts";

export interface AuditSettings extends Limits {
  /** The folder to audit, absolute. */
  readonly root: string;
  /** A folder in it that is left out, absolute. */
  readonly out: string;
  /** How many files are read at once. */
  readonly io: number;
}

/** What a run leaves behind. When it is cut short, the parts that were finished are here and the verdict is not. */
export interface AuditOutputs {
  readonly survey: Survey;
  readonly links: LinkFinding[];
  readonly cycles: CycleFinding[];
  readonly dup: DuplicateFinding[];
  readonly verdict: Verdict;
}

export function auditFlow(
  { root, out, io, failOn, maxDup }: AuditSettings,
  work: AuditWork,
): Flow<AuditOutputs> {
  // Which files there are. The signal stops the walk when the run is cancelled.
  const discovery = task("discover", (_, { signal }) => discover(root, { signal, out }));

  // Every file, `io` at a time. What passes by itself (no file handle free, a file being written) is tried again.
  const retries = 5;
  const read = map(
    "read",
    pick(discovery, "files"),
    (path, _, { attempt }) => readForAudit(root, path, attempt > retries),
    {
      concurrency: io,
      retry: {
        attempts: retries,
        backoff: "exponential",
        baseMs: 20,
        maxMs: 500,
        jitter: "full",
        retryIf: isPassing,
      },
    },
  );

  // One pass over each text file: pure computation. Small files share a call, which is not for free on a thread.
  const shards = pick(read, (files) => inShards(textFiles(files), ({ text }) => text.length));
  const analysed = map("analyse", shards, work.analyse, { concurrency: work.atOnce });
  const analyses = pick(analysed, (shards) => shards.flat());

  // From here on three questions are answered independently of each other.
  const cycles = task("cycles", { analyses }, ({ analyses }) =>
    importCycles(having("loads", analyses)),
  );

  // Links may point to what the audit does not read; whether that exists is looked up first.
  const targets = task(
    "link targets",
    { discovery, analyses },
    async ({ discovery: { files, places }, analyses }) => {
      const known = new Set([...files, ...places]);
      const unknown = unknownTargets(having("markdown", analyses), known);
      for (const path of await existingPaths(root, unknown)) known.add(path);
      return known;
    },
  );
  const links = task("links", { targets, analyses }, ({ targets, analyses }) =>
    brokenLinks(having("markdown", analyses), targets),
  );

  // Candidates share a hash. Each group of them is compared line by line, independently of the others.
  const candidates = task("duplicate candidates", { read, analyses }, ({ read, analyses }) => {
    const sources = having("code", analyses);
    const groups = cutExcerpts(duplicateCandidates(sources), sources, textFiles(read));
    return inShards(groups, charactersIn);
  });
  const compared = map("compare", candidates, work.compare, { concurrency: work.atOnce });
  const dup = task("dup", { compared }, ({ compared }) => duplicateFindings(compared.flat()));

  // `settled` waits for a task whatever becomes of it: one analysis that fails takes nothing from the others.
  const seen = task("survey", { discovery, read, analyses }, ({ discovery, read, analyses }) =>
    survey(discovery, read, analyses),
  );
  const verdict = task(
    "verdict",
    { survey: settled(seen), links: settled(links), cycles: settled(cycles), dup: settled(dup) },
    ({ survey, links, cycles, dup }) =>
      judge(
        {
          survey: valueIn(survey),
          links: valueIn(links),
          cycles: valueIn(cycles),
          dup: valueIn(dup),
        },
        { failOn, maxDup },
      ),
  );

  return flow("audit", { survey: seen, links, cycles, dup, verdict });
}

function charactersIn(excerpts: readonly Excerpt[]): number {
  return excerpts.reduce((sum, { lines }) => sum + lines.join("").length, 0);
}

function valueIn<T>(outcome: Outcome<T>): T | undefined {
  return outcome.status === "completed" ? outcome.value : undefined;
}
