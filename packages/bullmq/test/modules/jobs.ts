/**
 * The tasks of the tests, as a worker imports them. They write down every start in a store of the test's own, so that a
 * test knows of it whatever became of the worker, and of the store that its jobs lie in.
 */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { flow } from "@astrum/core";
import { trace } from "@opentelemetry/api";
import { Redis } from "ioredis";
import type { RemoteContext } from "../../src/index.ts";

const url = process.env.ASTRUM_TEST_NOTES;
const notes = url === undefined ? undefined : new Redis(url, { maxRetriesPerRequest: null });
notes?.on("error", () => {});

async function note({ runId, taskName, attempt }: RemoteContext): Promise<void> {
  await notes?.rpush("starts", `${runId}/${taskName}/${attempt}`);
}

export async function double({ n }: { n: number }, context: RemoteContext): Promise<number> {
  await note(context);
  return n * 2;
}

export function square(n: number): number {
  return n * n;
}

export async function slowly(
  { n, ms }: { n: number; ms: number },
  context: RemoteContext,
): Promise<number> {
  await note(context);
  await sleep(ms, undefined, { signal: context.signal });
  return n;
}

/** Until the test lets go of those with this number. */
async function letGo(n: number, signal?: AbortSignal): Promise<void> {
  while (Number(await notes?.get("let go")) <= n) await sleep(50, undefined, { signal });
}

/** Says that it began once that is written down. */
export async function held({ n }: { n: number }, context: RemoteContext): Promise<number> {
  await note(context);
  context.progress(0, "began");
  await letGo(n, context.signal);
  return n;
}

/** The same, but hears no signal. */
export async function deaf({ n }: { n: number }, context: RemoteContext): Promise<number> {
  await note(context);
  context.progress(0, "began");
  await letGo(n);
  return n;
}

/** Says which process it is that has ended it, and hears no signal. Held by how often the attempt was started before. */
export async function endedBy(_: object, context: RemoteContext): Promise<number> {
  await note(context);
  await letGo(context.deliveries - 1);
  return process.pid;
}

/** Held by the first number in its name. */
export async function sum(inputs: Record<string, number>, context: RemoteContext): Promise<number> {
  await note(context);
  await letGo(Number(/\d+/.exec(context.taskName)));
  await sleep(200);
  return Object.values(inputs).reduce((left, right) => left + right, 1);
}

export async function endless(_: object, context: RemoteContext): Promise<void> {
  await note(context);
  context.progress(0, "began");
  await sleep(2 ** 30, undefined, { signal: context.signal });
}

export async function poison(_: object, context: RemoteContext): Promise<never> {
  await note(context);
  process.kill(process.pid, "SIGKILL");
  return await new Promise(() => {});
}

/** Holds its thread without a break. */
export async function loop({ ms }: { ms: number }, context: RemoteContext): Promise<string> {
  await note(context);
  const end = performance.now() + ms;
  while (performance.now() < end);
  return "looped";
}

/** The first start holds its thread until there is such a file. */
export async function loopOnce(
  { file }: { file: string },
  context: RemoteContext,
): Promise<string> {
  await note(context);
  while (context.deliveries === 1 && !existsSync(file));
  return "looped";
}

export async function tellsContext(
  _: object,
  context: RemoteContext,
): Promise<Record<string, string | number>> {
  const { runId, taskName, attempt, deliveries, idempotencyKey } = context;
  context.attributes.set("seen", true);
  context.progress(0.25, "a");
  context.progress(0.5, "b");
  context.progress(1, "done");
  return { runId, taskName, attempt, deliveries, idempotencyKey };
}

class QuotaError extends TypeError {
  code = "QUOTA";
  retryAfterMs = 1;
}

export async function throws(): Promise<never> {
  throw new QuotaError("no more", { cause: new RangeError("too much") });
}

export async function onceMore(_: object, context: RemoteContext): Promise<number> {
  await note(context);
  if (context.attempt < 2) throw new Error("once more");
  return context.attempt;
}

/** As a library does that knows the API of OpenTelemetry only. */
export async function makesSpan(_: object, context: RemoteContext): Promise<number> {
  await sleep(1);
  trace.getTracer("jobs").startSpan(`work ${context.attempt}`).end();
  if (context.attempt < 2) throw new Error("once more");
  return context.attempt;
}

export async function large({ size }: { size: number }): Promise<string> {
  return "x".repeat(size);
}

/** Whose bare fields could all be written down. */
export async function returnsFlow(_: object, context: RemoteContext): Promise<unknown> {
  await note(context);
  return flow("inner", {});
}

/** What it was given, and what that was here. */
export function echoes(input: unknown): { readonly was: string; readonly input: unknown } {
  return { was: inspect(input, { depth: 9 }), input };
}

export async function returnsHandle(): Promise<unknown> {
  return { list: [{ at: new Date(0), handle: { close() {} } }] };
}
