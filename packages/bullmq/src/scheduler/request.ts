/**
 * What is asked for with one call, and what is sent for it: checked before anything is sent, with the path of what
 * cannot cross. Knows no store.
 */
import type { Placement } from "@astrum/core";
import { findJsonObstacle } from "astrum-crossing";
import type { CallContext } from "../call-context.ts";
import { PayloadTooLargeError, RemoteSerializationError } from "../errors.ts";
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
  const args = request.args.map((arg) => (arg === undefined ? null : arg));
  args.forEach((arg, at) => {
    const obstacle = findJsonObstacle(arg, at === 0 ? "input" : `args[${at}]`);
    if (obstacle === undefined) return;
    throw new RemoteSerializationError(
      `Task "${taskName}": ${obstacle.path} is ${obstacle.what}, which JSON does not carry to a worker as it is.`,
      { direction: "input", path: obstacle.path },
    );
  });
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
