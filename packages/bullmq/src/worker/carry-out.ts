/**
 * Carries out one attempt on a worker: from what was read of its job to its ending. Knows no queue: it is handed what to
 * call and the signal, and gives back what to say.
 */
import { attributeEntries, findJsonObstacle, joined } from "astrum-crossing";
import { packError } from "../wire/packed-error.ts";
import type { Ending, JobData } from "../wire/protocol.ts";
import type { WorkerContext } from "./worker-context.ts";

/** What an ending has beside its kind. */
export type EndingFacts = Pick<Ending, "executor" | "deliveries" | "by" | "hash">;

export interface CarriedOut {
  readonly ending: Ending;
  /** The result as JSON. */
  readonly json?: string;
  /** For the log and the list of failed jobs: never more than a name and a message. */
  readonly line: string;
}

/** Never throws: what goes wrong is an ending. */
export async function carryOut(
  run: () => unknown,
  data: JobData,
  context: WorkerContext,
  facts: () => EndingFacts,
): Promise<CarriedOut> {
  const errors: unknown[] = [];
  let value: unknown;
  try {
    value = await run();
    context.endsAsSkipped();
  } catch (error) {
    if (!context.endsAsSkipped(error)) errors.push(error);
  }
  errors.push(...(await context.cleanUp()));
  const log = context.said;
  const base = {
    ...facts(),
    ...attributesOf(context, data),
    ...spendingOf(context),
    ...(log && { log }),
  };
  const reason = context.skipReason;
  if (errors.length === 0 && reason !== undefined)
    return { ending: { ...base, kind: "skipped", reason }, line: "" };
  if (errors.length === 0) return endingOf(value, data, base);
  const error = joined(errors);
  const obeyed = errors.length === 1 && isObedience(error, context.signal);
  if (obeyed) return { ending: { ...base, kind: "obeyed" }, line: "asked to stop, and stopped" };
  const thrown = packError(error);
  return { ending: { ...base, kind: "thrown", thrown }, line: lineOf(error) };
}

type Base = EndingFacts & Pick<Ending, "attributes" | "log" | "spent">;

function endingOf(value: unknown, data: JobData, base: Base): CarriedOut {
  if (value === undefined) return { ending: { ...base, kind: "value" }, line: "" };
  const obstacle = findJsonObstacle(value, "result");
  if (obstacle !== undefined)
    return {
      ending: { ...base, kind: "uncrossable", ...obstacle },
      line: `${obstacle.path} is ${obstacle.what}`,
    };
  const json = JSON.stringify(value);
  const bytes = Buffer.byteLength(json);
  if (bytes > data.maxBytes)
    return {
      ending: { ...base, kind: "too-large", bytes },
      line: `the result has ${bytes} bytes, more than ${data.maxBytes}`,
    };
  return { ending: { ...base, kind: "value", value }, json, line: "" };
}

function attributesOf({ attributes }: WorkerContext, data: JobData): Pick<Ending, "attributes"> {
  if (attributes.size === 0 && data.attributes === undefined) return {};
  return { attributes: attributeEntries(attributes) };
}

function spendingOf({ spending }: WorkerContext): Pick<Ending, "spent"> {
  return spending.size === 0 ? {} : { spent: [...spending] };
}

function isObedience(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  if (error === signal.reason) return true;
  try {
    const { name, cause } = (error ?? {}) as { name?: unknown; cause?: unknown };
    return name === "AbortError" || (cause !== undefined && cause === signal.reason);
  } catch {
    return false;
  }
}

function lineOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`;
  } catch {
    return "threw something that cannot be read";
  }
}
