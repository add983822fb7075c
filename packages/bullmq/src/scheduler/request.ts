/**
 * What is asked for with one call, and what is sent for it: checked before anything is sent, with the path of what
 * cannot cross. Knows no store.
 */
import type { Placement } from "@astrum/core";
import type { CallContext } from "../call-context.ts";
import { PayloadTooLargeError, RemoteSerializationError } from "../errors.ts";
import { written } from "../wire/encoded.ts";
import { type Attribute, hashOf, type JobData, PROTOCOL } from "../wire/protocol.ts";

export interface CallRequest {
  readonly exportName: string;
  readonly priority: number;
  readonly args: readonly unknown[];
  readonly taskName: string;
  /** Without one the call belongs to no run: nobody else can ever ask for it. */
  readonly runId: string | undefined;
  readonly attempt: number;
  /** Which call of its attempt this is, from 1. */
  readonly call: number;
  readonly signal: AbortSignal | undefined;
  readonly attributes: Map<string, Attribute> | undefined;
  readonly carrier?: Record<string, string> | undefined;
  readonly progress: CallContext["progress"] | undefined;
  /** Of the context of whoever asked; a call by hand has none, and is rejected. */
  readonly skip?: ((reason: string) => never) | undefined;
  readonly spent?: CallContext["spent"] | undefined;
  readonly logged?: Placement["logged"] | undefined;
  /** Until whoever asked is asked to stop. */
  readonly remainingMs?: (() => number) | undefined;
  readonly setExecutor?: ((name: string) => void) | undefined;
  /** Told how often the attempt was started, when that is more than once. */
  readonly setDeliveries?: ((count: number) => void) | undefined;
}

/** Throws a `RemoteSerializationError` or a `PayloadTooLargeError`. */
export function payloadOf(
  request: CallRequest,
  runId: string,
  by: string,
  maxBytes: number,
): JobData {
  const { exportName, taskName, attempt, call, carrier, attributes } = request;
  const list = written(request.args, argumentAt);
  if ("obstacle" in list) {
    const { path, what } = list.obstacle;
    throw new RemoteSerializationError(
      `Task "${taskName}": ${path} ${what}, so it cannot be sent to a worker.`,
      { direction: "input", path },
    );
  }
  const { encoded: args } = list;
  const json = JSON.stringify(args);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes)
    throw new PayloadTooLargeError(
      `Task "${taskName}": its input has ${bytes} bytes as JSON, more than the ${maxBytes} of \`maxPayloadBytes\`. ` +
        "Store it (a file, a bucket, a table) and send where it is, or raise the limit.",
      { direction: "input", bytes, limit: maxBytes },
    );
  return {
    v: PROTOCOL,
    runId,
    taskName,
    attempt,
    ...(call > 1 && { call }),
    args,
    hash: hashOf(exportName, json),
    by,
    maxBytes,
    ...(carrier !== undefined && Object.keys(carrier).length > 0 && { carrier }),
    ...(attributes !== undefined &&
      attributes.size > 0 && { attributes: [...attributes] as [string, Attribute][] }),
  };
}

/** A place in the list of arguments, as the function would call it. */
function argumentAt(path: string): string {
  return (
    path.replace(/^\[(\d+)\]/, (place, at) => (at === "0" ? "input" : `args${place}`)) || "args"
  );
}
