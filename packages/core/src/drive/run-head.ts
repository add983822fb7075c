/**
 * What is said of a run as a whole: to observers, and at the head of its report, with its options, the versions and the
 * host. Nothing in it changes while the run goes.
 */
import type { RunInfo } from "../contract/observer.ts";
import type { Graph } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import { VERSION } from "../ground/version.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import type { ExecuteSettings } from "./execution.ts";
import type { RunOptions } from "./options.ts";
import { isSemaphore, writtenResources } from "./resources.ts";

interface Runtime {
  readonly process?: {
    readonly platform?: string;
    readonly arch?: string;
    readonly versions?: { readonly node?: string; readonly bun?: string };
    readonly getBuiltinModule?: (id: string) => object | undefined;
  };
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

/** How many attempts may run at once, be it by a number or by a semaphore. */
export function limitOf({ concurrency }: RunOptions): number | undefined {
  return isSemaphore(concurrency) ? concurrency.limit : concurrency;
}

/** Both of one run, each made when it is first asked for, and the same from then on. */
export class RunHead {
  readonly #runId: string;
  readonly #settings: ExecuteSettings;
  #info: RunInfo | undefined;
  #header: (() => SerializedReport["run"]) | undefined;

  constructor(runId: string, settings: ExecuteSettings) {
    this.#runId = runId;
    this.#settings = settings;
  }

  get info(): RunInfo {
    const { machine, options, earlier } = this.#settings;
    this.#info ??= runInfo(this.#runId, machine.plan, options, earlier?.runId);
    return this.#info;
  }

  get header(): () => SerializedReport["run"] {
    const { machine, options, dispatch, anchor, earlier } = this.#settings;
    const { graph } = machine.plan;
    const { epochMs } = anchor;
    this.#header ??= runHeader(this.#runId, graph, options, dispatch, epochMs, earlier?.runId);
    return this.#header;
  }
}

/** As observers are told it. */
function runInfo(runId: string, plan: GraphPlan, options: RunOptions, resumes?: string): RunInfo {
  return Object.freeze({
    runId,
    flow: plan.graph.name,
    taskCount: plan.totalTasks,
    stageCount: plan.totalStages,
    maxParallelism: plan.maxParallelism,
    concurrency: limitOf(options),
    attributes: Object.freeze({ ...options.attributes }),
    ...(resumes === undefined ? {} : { resumes }),
  });
}

/**
 * The part of the report that says which run it was, with what options, and where: made when it is first asked for. What
 * the caller may change by then is copied now; the options themselves are let go, for they may hold an earlier report.
 */
export function runHeader(
  id: string,
  { name }: Graph,
  options: RunOptions,
  dispatch: string,
  epochMs: number,
  resumes?: string,
): () => SerializedReport["run"] {
  const { failure = "stop", timeoutMs, keep } = options;
  const estimated = options.estimates !== undefined;
  const limit = limitOf(options);
  const failureText = typeof failure === "object" ? `maxFailures:${failure.maxFailures}` : failure;
  const targets = options.targets && [...options.targets];
  const attributes = options.attributes && { ...options.attributes };
  const { resources, rates } = writtenResources(options.resources);
  const make = (): SerializedReport["run"] => {
    const header: SerializedReport["run"] = {
      id,
      flow: name,
      targets: targets ?? [],
      startedAt: new Date(epochMs).toISOString(),
      config: { concurrency: limit ?? null, failure: failureText, dispatch },
      versions: { "@astrum/core": VERSION },
    };
    if (resumes !== undefined) header.resumes = resumes;
    if (attributes !== undefined) header.attributes = attributes;
    if (resources !== undefined) header.config.resources = resources;
    if (rates !== undefined) header.config.rates = rates;
    if (timeoutMs !== undefined) header.config.timeoutMs = timeoutMs;
    if (estimated) header.config.longestFirst = true;
    if (keep === "roots") header.config.keep = keep;
    nameHost(header);
    return header;
  };
  let made: SerializedReport["run"] | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Where it ran: the runtime and the machine. */
function nameHost(header: SerializedReport["run"]): void {
  const { process, navigator } = globalThis as Runtime;
  for (const runtime of ["node", "bun"] as const) {
    const version = process?.versions?.[runtime];
    if (version !== undefined) header.versions[runtime] = version;
  }
  if (process?.platform !== undefined && process.arch !== undefined) {
    const os = process.getBuiltinModule?.("node:os") as
      | { availableParallelism?: () => number }
      | undefined;
    const cpus = os?.availableParallelism?.() ?? navigator?.hardwareConcurrency ?? 1;
    header.host = { platform: process.platform, arch: process.arch, cpus };
  }
}
