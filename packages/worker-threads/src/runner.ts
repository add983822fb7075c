/**
 * A runner of the core that carries out attempts in the threads of a pool. Decides which attempts those are, and says
 * to the core what it cannot know: the thread. Knows no port and no queue.
 */
import type { Runner, RunnerAttempt, TaskContext } from "@astrum/core";
import { type CannotCross, carrierTexts } from "astrum-crossing";
import { checkOptions, fits, type Rules } from "astrum-options";
import type { CallRequest } from "./call.ts";
import { urlOfModule, type WorkerRef } from "./module.ts";
import { TASK_RULES, type WorkerCall, type WorkerTaskOptions, workerCall } from "./task-options.ts";

export interface WorkerRunnerOptions
  extends Omit<WorkerTaskOptions<readonly unknown[]>, "transfer"> {
  /**
   * Which tasks run in threads, by task name: a module (those whose name it exports; a thread is asked once which
   * these are), or references by name. Items of a mapped task go by the name of the map. A function is called in its
   * thread as it would be called here.
   */
  readonly tasks?: Readonly<Record<string, WorkerRef<never, unknown> | CannotCross>> | undefined;
}

/** What the runner needs of its pool. */
export interface RunnerPool {
  readonly cancelGraceMs: number;
  /** Whether a thread can make use of a carrier. */
  readonly traced: boolean;
  made(run: object): WorkerCall | undefined;
  run(request: CallRequest): Promise<unknown>;
}

const RULES: Rules<WorkerRunnerOptions> = {
  tasks: fits("a module from `workerModule(...)`, or references by the names of tasks", isTable),
  timeoutMs: TASK_RULES.timeoutMs,
  cancelGraceMs: TASK_RULES.cancelGraceMs,
};

function isTable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (urlOfModule(value) !== undefined) return true;
  return !(Symbol.iterator in value || value instanceof Promise);
}

/** Throws a `TypeError` that lists everything that is wrong. */
export function createRunner(options: WorkerRunnerOptions, pool: RunnerPool): Runner {
  checkOptions("pool.runner", options, RULES);
  const { tasks, ...rest } = options;
  const find = finder(tasks, rest, pool);
  return (attempt) => {
    const call = pool.made(attempt.run) ?? find(attempt);
    if (call instanceof Promise)
      return call.then((found) =>
        found === undefined ? runHere(attempt) : send(attempt, found, pool),
      );
    return call === undefined ? runHere(attempt) : send(attempt, call, pool);
  };
}

function runHere(attempt: RunnerAttempt): unknown {
  return attempt.run(...attempt.args, attempt.context);
}

function send(attempt: RunnerAttempt, call: WorkerCall, pool: RunnerPool): Promise<unknown> {
  const { args, signal } = attempt;
  const context = attempt.context as TaskContext;
  return pool.run({
    ...call,
    args,
    taskName: context.taskName,
    runId: context.runId,
    attempt: context.attempt,
    signal,
    attributes: context.attributes,
    carrier: pool.traced ? carrierTexts(attempt.carrier()) : undefined,
    progress: (fraction, message) => attempt.progress(fraction, message),
    skip: (reason) => context.skip(reason),
    spent: (resource, amount) => context.spent(resource, amount),
    logged: (lines, leftOut) => attempt.logged(lines, leftOut),
    remainingMs: () => context.remainingMs(),
    setExecutor: (name) => attempt.setExecutor(name),
  });
}

type Finder = (attempt: RunnerAttempt) => WorkerCall | undefined | Promise<WorkerCall | undefined>;

function finder(
  tasks: WorkerRunnerOptions["tasks"],
  options: WorkerTaskOptions,
  pool: RunnerPool,
): Finder {
  const make = (ref: WorkerRef<never, unknown>): WorkerCall =>
    workerCall(
      "pool.runner",
      ref as WorkerRef<readonly never[], unknown>,
      options,
      pool.cancelGraceMs,
    );
  const url = tasks && urlOfModule(tasks);
  const template = make({ url: url ?? "", exportName: "" } as WorkerRef<never, unknown>);
  if (tasks === undefined) return () => undefined;
  if (url === undefined) {
    const refs = Object.entries(tasks) as [string, WorkerRef<never, unknown>][];
    const calls = new Map(refs.map(([name, ref]) => [name, make(ref)]));
    return (attempt) => calls.get(attempt.info.task.name);
  }
  const exports = new ModuleExports(url, pool);
  return (attempt) => {
    const exportName = attempt.info.task.name;
    const names = exports.known ?? exports.ask(attempt.signal);
    if (names instanceof Promise)
      return names.then((found) =>
        found.has(exportName) ? { ...template, exportName } : undefined,
      );
    return names.has(exportName) ? { ...template, exportName } : undefined;
  };
}

interface Question {
  readonly names: Promise<ReadonlySet<string>>;
  /** Aborted when nobody wants to know any more. */
  readonly nobody: AbortController;
}

/** Asks a thread for the functions a module exports: once, for all who want to know, unless all of them gave up. */
class ModuleExports {
  known: ReadonlySet<string> | undefined;
  readonly #url: string;
  readonly #pool: RunnerPool;
  #asked: Question | undefined;
  #asking = 0;

  constructor(url: string, pool: RunnerPool) {
    this.#url = url;
    this.#pool = pool;
  }

  async ask(signal: AbortSignal): Promise<ReadonlySet<string>> {
    signal.throwIfAborted();
    this.#asked ??= this.#start();
    const { names, nobody } = this.#asked;
    this.#asking++;
    let giveUp = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => reject(signal.reason);
      signal.addEventListener("abort", giveUp, { once: true });
    });
    try {
      return await Promise.race([names, aborted]);
    } finally {
      signal.removeEventListener("abort", giveUp);
      // A module that never finishes loading must not keep its thread when everybody has left.
      if (--this.#asking === 0 && this.known === undefined) {
        this.#asked = undefined;
        nobody.abort();
      }
    }
  }

  #start(): Question {
    const nobody = new AbortController();
    const names = this.#pool
      .run({
        url: this.#url,
        exportName: undefined,
        args: [],
        taskName: this.#url,
        runId: "",
        attempt: 1,
        signal: nobody.signal,
        cancelGraceMs: 0,
      })
      .then((exports) => {
        this.known = new Set(exports as string[]);
        return this.known;
      });
    names.catch(() => {});
    return { names, nobody };
  }
}
