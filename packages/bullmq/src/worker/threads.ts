/**
 * Hands attempts to a pool of threads, through the core's contract for runners: this package knows no pool. A loop in a
 * thread leaves the worker's own event loop free to keep its leases.
 */
import type { AttemptInfo, Runner, RunnerAttempt } from "@astrum/core";
import type { JobData } from "../wire/protocol.ts";
import type { TaskTable } from "./task-table.ts";
import type { WorkerContext } from "./worker-context.ts";

/** What `createWorkerPool()` of `@astrum/worker-threads` gives. */
export interface ThreadPool {
  /**
   * Carries out the attempts of the tasks that are named, each by a reference `{ url, exportName }`. What else a reference
   * is to the compiler is the pool's affair.
   */
  runner(options?: { readonly tasks?: Readonly<Record<string, never>> | undefined }): Runner;
}

interface ThreadCall {
  readonly exportName: string;
  readonly data: JobData;
  readonly context: WorkerContext;
  readonly setThread: (name: string) => void;
}

export type RunInThread = (call: ThreadCall) => unknown;

export function threadRunner(pool: ThreadPool, tasks: TaskTable): RunInThread {
  const references: Record<string, object> = {};
  for (const { name, url } of tasks.values())
    if (url !== undefined) references[name] = { url, exportName: name };
  const runner = pool.runner({ tasks: references as Readonly<Record<string, never>> });
  return ({ exportName, data, context, setThread }) => {
    const attempt: RunnerAttempt = {
      info: infoOf(exportName, data),
      run: () => {
        throw new Error(
          `Task "${data.taskName}" is to run in a thread, and the pool did not take it`,
        );
      },
      args: data.args,
      context,
      signal: context.signal,
      carrier: () => ({ ...data.carrier }),
      setExecutor: setThread,
      setDeliveries: () => {},
      logged: (lines, leftOut) => context.logged(lines, leftOut),
      progress: context.progress,
    };
    return runner(attempt);
  };
}

/** As much as is known here of the task, its run and its graph. */
function infoOf(exportName: string, { runId, taskName, attempt }: JobData): AttemptInfo {
  return {
    task: {
      run: {
        runId,
        flow: "",
        taskCount: 1,
        stageCount: 1,
        maxParallelism: 1,
        concurrency: undefined,
        attributes: {},
      },
      name: exportName,
      key: taskName,
      kind: "task",
      stage: null,
      dependencies: [],
      parent: undefined,
      itemKey: undefined,
      maxAttempts: 1,
      concurrency: undefined,
      tags: [],
    },
    number: attempt,
    executor: "main",
  };
}
