/**
 * The composition root: an audit with all that can be had around it. Each part, threads, tracing, metrics, the event log,
 * reports, is made here in a few lines, handed to the run, and closed at the end. How each works is in the module that
 * makes it; what the audit does is in `graph`.
 */
import { existsSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { SerializedReport } from "@astrum/core";
import { eventLog } from "@astrum/reporters";
import { progress } from "@astrum/reporters/terminal";
import manifest from "../package.json" with { type: "json" };
import { withFailures } from "./chaos.ts";
import type { AuditOptions } from "./command-line.ts";
import { earlierRun } from "./earlier-run.ts";
import { exitCodeOf } from "./exit-code.ts";
import { auditFlow } from "./graph.ts";
import type { Metrics } from "./metrics.ts";
import { partsOf } from "./outputs.ts";
import { writeReports } from "./reports.ts";
import { resumeLines, summarise, tell } from "./tell.ts";
import type { Threads } from "./threads.ts";
import type { Tracing } from "./tracing.ts";
import { UsageError } from "./usage-error.ts";
import { judge } from "./verdict.ts";
import { writeFindings } from "./write-findings.ts";

/** Resolves with the exit code. `root` and `out` are absolute, and there. */
export async function audit(root: string, out: string, options: AuditOptions): Promise<number> {
  const logPath = resolve(out, "run.ndjson");
  const interrupted = options.resume ? interruptedRun(logPath) : undefined;
  const metrics = await metricsFor(options.metrics);
  tell(`auditing ${root}`);
  if (metrics !== undefined) tell(`metrics: ${metrics.place}`);
  if (interrupted === undefined) rmSync(logPath, { force: true });

  const tracing = await tracingFor(options.otlp);
  const threads = await threadsFor(options);
  // Whole, so that another process can go on from it. It holds names, places and links of what was read, and no line of it.
  const log = eventLog(logPath, { redact: false });
  const interrupt = new AbortController();
  const onInterrupt = () => {
    tell("interrupted: stopping and writing what there is; once more to stop at once");
    interrupt.abort(new Error("Interrupted"));
  };
  // Once: a second Ctrl-C finds no handler and ends the program.
  process.once("SIGINT", onInterrupt);

  const { workers } = options;
  const atOnce = workers === "auto" ? availableParallelism() : Math.max(1, workers);
  const flow = auditFlow({ ...options, atOnce, root, out });
  const runner = threads?.runner;
  try {
    const run = await flow.run({
      signal: interrupt.signal,
      failure: "continue",
      journal: log.journal,
      ...(interrupted && { resumeFrom: interrupted }),
      // Tracing first: what comes after it is told with the span of the task current.
      observers: [
        ...(tracing ? [tracing.observer] : []),
        ...(metrics?.observers ?? []),
        log.observer,
        progress({ mode: options.progress }),
      ],
      ...(options.chaos > 0
        ? { runner: withFailures(options.chaos, options.seed, runner) }
        : runner && { runner }),
    });

    // Cut short, the run has not come to writing what it had found by then.
    const verdict = run.outputs.verdict ?? judge(partsOf(run.outputs), options);
    if (run.outcome("write:findings").status !== "completed") await writeFindings(out, verdict);
    const report = run.toJSON();
    summarise({ verdict, report, json: options.json });
    const files = await writeReports(out, options.report, report);
    if (interrupted !== undefined) for (const line of resumeLines(report)) tell(line);
    if (run.executionState === "cancelled") tell('"--resume" goes on from here');
    tell(`${["findings.json", "run.ndjson", ...files].join(", ")} are in ${out}`);
    if (files.includes("report.html")) tell(`the report: ${resolve(out, "report.html")}`);
    for (const { taskName, status, error } of await run.tail) {
      if (status === "failed") tell(`failed: ${taskName}: ${error?.message}`);
    }
    return exitCodeOf(run.executionState, verdict);
  } finally {
    log.close();
    await threads?.stop();
    await metrics?.stop();
    const lost = await tracing?.stop();
    process.off("SIGINT", onInterrupt);
    if (lost !== undefined) tell(`traces did not all reach ${options.otlp}: ${lost}`);
  }
}

function interruptedRun(path: string): SerializedReport {
  if (!existsSync(path)) {
    throw new UsageError(`There is nothing to resume: no "${path}"; leave out "--resume"`);
  }
  return earlierRun(path, `Leave out "--resume", which cannot go on from "${path}"`);
}

/** The SDK takes as long to load as the rest of the program: not unless spans are asked for. */
async function tracingFor(url: string | undefined): Promise<Tracing | undefined> {
  if (url === undefined) return undefined;
  const { startTracing } = await import("./tracing.ts");
  return startTracing(url, manifest.version);
}

/** Fewer shards than this are done before threads that have to load the parsers first. */
const fewestShards = 100;

async function threadsFor({ workers, otlp }: AuditOptions): Promise<Threads | undefined> {
  if (workers === 0) return undefined;
  const { onThreads } = await import("./threads.ts");
  return workers === "auto"
    ? onThreads(availableParallelism(), fewestShards, otlp)
    : onThreads(workers, 1, otlp);
}

async function metricsFor(where: number | string | undefined): Promise<Metrics | undefined> {
  if (where === undefined) return undefined;
  const { serveMetrics, writeMetrics } = await import("./metrics.ts");
  if (typeof where === "string") return writeMetrics(where);
  try {
    return await serveMetrics(where);
  } catch (error) {
    throw new UsageError(`Cannot serve metrics on port ${where}: ${(error as Error).message}`);
  }
}
