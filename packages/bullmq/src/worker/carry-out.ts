/**
 * Carries out one attempt on a worker: from what was read of its job to its ending. Knows no queue: it is handed what to
 * call and the signal, and gives back what to say.
 */
import { attributeEntries, joined } from "astrum-crossing";
import type { Obstacle, Written } from "../wire/encoded.ts";
import { packError } from "../wire/packed-error.ts";
import type { Ending, JobData } from "../wire/protocol.ts";
import type { WorkerContext } from "./worker-context.ts";

/** What an ending has beside its kind. */
export type EndingFacts = Pick<Ending, "v" | "executor" | "deliveries" | "by" | "hash">;

export interface CarriedOut {
  readonly ending: Ending;
  /** The result as it is written down, as JSON. */
  readonly json?: string;
  /** For the log and the list of failed jobs: never more than a name and a message. */
  readonly line: string;
}

/** Never throws: what goes wrong is an ending. */
export async function carryOut(
  run: () => Promise<Written>,
  data: JobData,
  context: WorkerContext,
  facts: () => EndingFacts,
): Promise<CarriedOut> {
  const errors: unknown[] = [];
  let value: Written | undefined;
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
  if (errors.length === 0 && value !== undefined) return endingOf(value, data, base);
  const error = joined(errors);
  const obeyed = errors.length === 1 && isObedience(error, context.signal);
  if (obeyed) return { ending: { ...base, kind: "obeyed" }, line: "asked to stop, and stopped" };
  const thrown = packError(error);
  return { ending: { ...base, kind: "thrown", thrown }, line: lineOf(error) };
}

type Base = EndingFacts & Pick<Ending, "attributes" | "log" | "spent">;

function endingOf(written: Written, data: JobData, base: Base): CarriedOut {
  if ("obstacle" in written) return uncrossable(written.obstacle, base);
  const { encoded: value } = written;
  const json = JSON.stringify(value);
  const bytes = Buffer.byteLength(json);
  if (bytes > data.maxBytes)
    return {
      ending: { ...base, kind: "too-large", bytes },
      line: `the result has ${bytes} bytes, more than ${data.maxBytes}`,
    };
  return { ending: { ...base, kind: "value", value }, json, line: "" };
}

function uncrossable(obstacle: Obstacle, base: Base): CarriedOut {
  const line = `${obstacle.path} ${obstacle.what}`;
  return { ending: { ...base, kind: "uncrossable", ...obstacle }, line };
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
