/**
 * The function that a thread of a worker calls for every attempt. Arguments and result pass between thread and worker as
 * they are written down for the store: a clone would change some of them on the way. Knows no job.
 */
import { decodeValue, type EncodedValue } from "@astrum/core";
import { type Written, writtenResult } from "../wire/encoded.ts";

export interface CallInThread {
  /** Of the task's module. */
  readonly url: string;
  readonly exportName: string;
  /** The list of arguments. */
  readonly args: EncodedValue;
}

type TaskFunction = (...args: unknown[]) => unknown;

export async function callInThread(call: CallInThread, context: unknown): Promise<Written> {
  const module = (await import(call.url)) as Record<string, TaskFunction>;
  const run = module[call.exportName] as TaskFunction;
  // The worker has read them before.
  const args = decodeValue(call.args)?.value as unknown[];
  return writtenResult(await run(...args, context));
}
