/**
 * The audit as a graph of tasks. Read it from top to bottom: each task names what it needs, and what it needs is a task
 * above it. How the tasks do their work is in the modules imported here, which know nothing of the graph.
 *
 *     discover ─┬─▶ read* ─▶ analyse* ─┬─▶ dupes:candidates ─▶ compare* ─▶ dupes:merge ─┐
 *               │                      ├─▶ imports:cycles ──────────────────────────────┤
 *               │                      ├─▶ links* ──────────────────────────────────────┼─▶ verdict ─▶ write:findings
 *               │                      ├─▶ secrets, files, survey ──────────────────────┤
 *               └─▶ git:churn ─────────┴─▶ hotspots ────────────────────────────────────┘
 *
 * Two tail tasks follow, history:append after verdict and bundle:gzip after write:findings.
 *
 * A star marks a `map`: as many items as the task before it found, each with its own attempts. What computes for long is
 * handed in as `work`, which runs on threads or on this one.
 *
 * Every output is JSON, small, and without the text of any file, so that a journal can keep it: an interrupted audit goes
 * on where it was. `version` says whose results those are.
 */
import { type Flow, flow, map, pick, settled, task } from "@astrum/core";
import manifest from "../package.json" with { type: "json" };
import { having, markdownByPath } from "./analyse/having.ts";
import { secretFindings } from "./analyse/secret-findings.ts";
import { shardsOf } from "./analyse/shard.ts";
import { gzipBeside } from "./bundle.ts";
import { discover } from "./discover.ts";
import { duplicateCandidates, linesIn } from "./duplicates/candidates.ts";
import { duplicateFindings } from "./duplicates/findings.ts";
import { existingPaths } from "./existing-paths.ts";
import { fileFindings } from "./file-findings.ts";
import { untilItPasses } from "./flaky-io.ts";
import { gitChurn } from "./git-churn.ts";
import { appendHistory } from "./history.ts";
import { hotspots } from "./hotspots.ts";
import { importCycles } from "./import-cycles.ts";
import { brokenLinks, knownPaths, unknownTargets } from "./links.ts";
import { type AuditOutputs, partsOfOutcomes } from "./outputs.ts";
import { readForAudit, textFiles } from "./read.ts";
import { inShards } from "./shards.ts";
import { survey } from "./survey.ts";
import { judge, type Limits } from "./verdict.ts";
import type { AuditWork } from "./work.ts";
import { writeFindings } from "./write-findings.ts";

export interface AuditSettings extends Limits {
  /** The folder to audit, absolute. */
  readonly root: string;
  /** The folder where findings are written, absolute; left out of the audit. */
  readonly out: string;
  /** How many files are read at once. */
  readonly io: number;
}

export function auditFlow(
  { root, out, io, failOn, maxDup }: AuditSettings,
  work: AuditWork,
): Flow<AuditOutputs> {
  const { version } = manifest;
  const retry = untilItPasses;

  // Which files there are. The signal stops the walk when the run is cancelled.
  const discovery = task("discover", (_, { signal }) => discover(root, { signal, out }), {
    retry,
    version: `${version} ${root}`,
  });

  // Every file, `io` at a time. What passes by itself (no file handle free, a file being written) is tried again.
  const read = map(
    "read",
    pick(discovery, "files"),
    (path, _, { attempt }) => readForAudit(root, path, new Map(), attempt > retry.attempts),
    { concurrency: io, retry, version },
  );

  // One pass over each text file. Small files share a call, which is not for free on a thread.
  const shards = pick(read, (files) => shardsOf(root, textFiles(files)));
  const analysed = map("analyse", shards, work.analyse, {
    concurrency: work.atOnce,
    retry,
    version,
  });
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
    pick(candidates, (candidates) => inShards(candidates, linesIn)),
    work.compare,
    { concurrency: work.atOnce, retry, version },
  );
  const dup = task(
    "dupes:merge",
    { compared },
    ({ compared }) => duplicateFindings(compared.flat()),
    { version },
  );

  const cycles = task(
    "imports:cycles",
    { analyses },
    ({ analyses }) => importCycles(having("loads", analyses)),
    { version },
  );

  // Links may point to what the audit does not read: whether that exists is looked up for each document.
  const documents = pick(analysed, (shards) => having("markdown", shards.flat()));
  const targets = {
    known: pick(discovery, knownPaths),
    documents: pick(analysed, (shards) => markdownByPath(shards.flat())),
  };
  const links = map(
    "links",
    documents,
    targets,
    async (document, _, { known, documents }) => {
      const others = await existingPaths(root, unknownTargets(document, known));
      return brokenLinks(document, { known, documents }, others);
    },
    { concurrency: io, retry, version },
  );

  const secrets = task("secrets", { analyses }, ({ analyses }) => secretFindings(analyses), {
    version,
  });
  const files = task("files", { read }, ({ read }) => fileFindings(read), { version });
  const hot = task(
    "hotspots",
    { churn, analyses },
    ({ churn, analyses }) => hotspots(churn, having("complexity", analyses)),
    { version },
  );

  // `settled` waits for a task whatever becomes of it: one analysis that fails takes nothing from the others.
  const seen = task(
    "survey",
    { discovery, read, analyses },
    ({ discovery, read, analyses }) => survey(discovery, read, analyses),
    { version },
  );
  const verdict = task(
    "verdict",
    {
      churn: settled(churn),
      survey: settled(seen),
      links: settled(links),
      cycles: settled(cycles),
      dup: settled(dup),
      secrets: settled(secrets),
      hotspots: settled(hot),
      files: settled(files),
    },
    (outcomes) => judge(partsOfOutcomes(outcomes), { failOn, maxDup }),
    { version: `${version} ${failOn} ${maxDup}` },
  );
  const written = task(
    "write:findings",
    { verdict },
    ({ verdict }) => writeFindings(out, verdict),
    {
      retry,
    },
  );

  const outputs = {
    survey: seen,
    links,
    cycles,
    dup,
    secrets,
    hotspots: hot,
    files,
    verdict,
    written,
  };
  // Nobody waits for these: the report is there before they are done.
  const history = task("history:append", { verdict }, ({ verdict }) => appendHistory(out, verdict));
  const bundle = task("bundle:gzip", { written }, ({ written }, { signal }) =>
    gzipBeside(written, signal),
  );

  return flow("audit", outputs, { tails: { history, bundle } });
}
