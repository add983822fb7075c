/**
 * Hands attempts to a pool of threads, through the core's contract for runners: this package knows no pool. A loop in a
 * thread leaves the worker's own event loop free to keep its leases.
 */
import { extname } from "node:path";
import type { AttemptInfo, Runner, RunnerAttempt } from "@astrum/core";
import type { Written } from "../wire/encoded.ts";
import type { JobData } from "../wire/protocol.ts";
import type { CallInThread } from "./in-thread.ts";
import type { TaskTable, WorkerTask } from "./task-table.ts";
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
  readonly task: WorkerTask;
  readonly data: JobData;
  readonly context: WorkerContext;
  readonly setThread: (name: string) => void;
}

export type RunInThread = (call: ThreadCall) => Promise<Written>;

/** Beside this file in the sources, and in the build. */
const IN_THREAD = new URL(`./in-thread${extname(import.meta.url)}`, import.meta.url).href;

export function threadRunner(pool: ThreadPool, tasks: TaskTable): RunInThread {
  const references: Record<string, object> = {};
  for (const { name, url } of tasks.values())
    if (url !== undefined) references[name] = { url: IN_THREAD, exportName: "callInThread" };
  const runner = pool.runner({ tasks: references as Readonly<Record<string, never>> });
  return async ({ task, data, context, setThread }) => {
    const call: CallInThread = {
      url: task.url as string,
      exportName: task.name,
      args: data.args,
    };
    const attempt: RunnerAttempt = {
      info: infoOf(task.name, data),
      run: () => {
        throw new Error(
          `Task "${data.taskName}" is to run in a thread, and the pool did not take it`,
        );
      },
      args: [call],
      context,
      signal: context.signal,
      carrier: () => ({ ...data.carrier }),
      setExecutor: setThread,
      setDeliveries: () => {},
      logged: (lines, leftOut) => context.logged(lines, leftOut),
      progress: context.progress,
    };
    return (await runner(attempt)) as Written;
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
