/**
 * The audit as a graph of tasks. Read it from top to bottom: each task names what it needs, and what it needs is a task
 * above it. How the tasks do their work is in the modules imported here, which know nothing of the graph.
 *
 *     discover ─┬─▶ analyse* ─┬─▶ dupes:candidates ─▶ compare* ─▶ dupes:merge ─┐
 *               │             ├─▶ imports:cycles ──────────────────────────────┤
 *               │             ├─▶ links* ──────────────────────────────────────┼─▶ verdict ─▶ write:findings
 *               │             ├─▶ survey ──────────────────────────────────────┤
 *               └─▶ git:churn ┴─▶ hotspots ────────────────────────────────────┘
 *
 * A tail task follows, history:append after verdict.
 *
 * A star marks a `map` over shards: some files, some candidates, some documents, each shard with its own attempts and
 * called by its first piece. `analyse` and `compare` compute for long: a runner may take them to threads.
 *
 * Every output is JSON, small, and without the text of any file, so that a journal can keep it: an interrupted audit goes
 * on where it was. `version` says whose results those are.
 */
import { type Flow, flow, map, pick, settled, task } from "@astrum/core";
import manifest from "../package.json" with { type: "json" };
import { having, markdownByPath } from "./analyse/having.ts";
import { discover } from "./discover.ts";
import { duplicateCandidates, linesIn, placeOf } from "./duplicates/candidates.ts";
import { duplicateFindings } from "./duplicates/findings.ts";
import { untilItPasses } from "./flaky-io.ts";
import { gitChurn } from "./git-churn.ts";
import { appendHistory } from "./history.ts";
import { hotspots } from "./hotspots.ts";
import { importCycles } from "./import-cycles.ts";
import { brokenLinks, knownPaths } from "./links.ts";
import { type AuditOutputs, partsOfOutcomes } from "./outputs.ts";
import { inShards } from "./shards.ts";
import { survey } from "./survey.ts";
import { judge, type Limits } from "./verdict.ts";
import { analyse, compare } from "./work.ts";
import { writeFindings } from "./write-findings.ts";

export interface AuditSettings extends Limits {
  /** The folder to audit, absolute. */
  readonly root: string;
  /** The folder where findings are written, absolute; left out of the audit. */
  readonly out: string;
  /** How many shards are under way at once. */
  readonly atOnce: number;
}

/** What is in a shard: enough that the task around it costs little, few enough that no core waits for the last one. */
const fullShard = { files: 32, lines: 8192, documents: 64 };

export function auditFlow(settings: AuditSettings): Flow<AuditOutputs> {
  const { root, out, atOnce: concurrency, failOn, maxDup } = settings;
  const { version } = manifest;
  // What passes by itself (no file handle free, a file being written) is tried again.
  const retry = untilItPasses;
  const key = ({ name }: { readonly name: string }): string => name;

  // Which files there are. The signal stops the walk when the run is cancelled.
  const discovery = task("discover", (_, { signal }) => discover(root, { signal, out }), {
    retry,
    version: `${version} ${root}`,
  });

  // One pass over each file, which is read by whoever analyses it: no text goes from task to task or thread to thread,
  // and the first shard is under way as soon as the files are known.
  const shards = pick(discovery, ({ files }) =>
    inShards(files, fullShard.files, (path) => path).map((shard) => ({ root, ...shard })),
  );
  const analysed = map("analyse", shards, analyse, { concurrency, key, retry, version });
  const analyses = pick(analysed, (shards) => shards.flat());

  // How often files changed: a child process beside all this. Without a repository, or without git, there is no answer,
  // and the audit is none the worse.
  const churn = task(
    "git:churn",
    { isRepository: pick(discovery, "repository") },
    (_, { signal }) => gitChurn(root, signal),
    {
      when: ({ isRepository }) => isRepository || { skip: "not in a git repository" },
      timeoutMs: 30_000,
      onFailure: "ignore",
      retry,
      version,
    },
  );

  // From here on every question is answered independently of the others. Copies: candidates share a hash, and each of
  // them is compared line by line.
  const candidates = task(
    "dupes:candidates",
    { analyses },
    ({ analyses }) => duplicateCandidates(having("code", analyses)),
    { version },
  );
  const compared = map(
    "compare",
    pick(candidates, (candidates) => inShards(candidates, fullShard.lines, placeOf, linesIn)),
    compare,
    { concurrency, key, retry, version },
  );
  const dup = task(
    "dupes:merge",
    { compared, analyses },
    ({ compared, analyses }) => duplicateFindings(compared.flat(), having("code", analyses)),
    { version },
  );

  const cycles = task(
    "imports:cycles",
    { analyses },
    ({ analyses }) => importCycles(having("loads", analyses)),
    { version },
  );

  const documents = pick(analysed, (shards) =>
    inShards(having("markdown", shards.flat()), fullShard.documents, ({ path }) => path),
  );
  const targets = {
    known: pick(discovery, knownPaths),
    documents: pick(analysed, (shards) => markdownByPath(shards.flat())),
  };
  const links = map(
    "links",
    documents,
    targets,
    ({ pieces }, _, targets) => pieces.flatMap((document) => brokenLinks(document, targets)),
    { key, version },
  );

  const hot = task(
    "hotspots",
    { churn, analyses },
    ({ churn, analyses }) => hotspots(churn, having("complexity", analyses)),
    { version },
  );
  const seen = task(
    "survey",
    { discovery, analyses },
    ({ discovery, analyses }) => survey(discovery, analyses),
    { version },
  );

  // `settled` waits for a task whatever becomes of it: one analysis that fails takes nothing from the others.
  const verdict = task(
    "verdict",
    {
      churn: settled(churn),
      survey: settled(seen),
      links: settled(links),
      cycles: settled(cycles),
      dup: settled(dup),
      hotspots: settled(hot),
    },
    (outcomes) => judge(partsOfOutcomes(outcomes), { failOn, maxDup }),
    { version: `${version} ${failOn} ${maxDup}` },
  );
  const written = task(
    "write:findings",
    { verdict },
    ({ verdict }) => writeFindings(out, verdict),
    { retry },
  );

  const outputs = { survey: seen, links, cycles, dup, hotspots: hot, verdict, written };
  // Nobody waits for this: the report is there before it is done.
  const history = task("history:append", { verdict }, ({ verdict }) => appendHistory(out, verdict));
  return flow("audit", outputs, { tails: { history } });
}
