/** Turns an ending that is no value into the error the attempt rejects with: who, what, and the way out. */
import { skippedBy } from "astrum-crossing";
import {
  JobRefusedError,
  PayloadTooLargeError,
  RemoteSerializationError,
  RunIdReusedError,
  UnknownTaskError,
  WorkerLostError,
} from "../errors.ts";
import type { JobState } from "../store/job-store.ts";
import { unpackError } from "../wire/packed-error.ts";
import { type Ending, PROTOCOL } from "../wire/protocol.ts";

interface Asked {
  readonly taskName: string;
  readonly skip?: ((reason: string) => never) | undefined;
  readonly exportName: string;
  readonly signal: AbortSignal | undefined;
}

export function endingError(
  asked: Asked,
  ending: Exclude<Ending, { kind: "value" }>,
  limit: number,
): unknown {
  const { taskName, signal } = asked;
  switch (ending.kind) {
    case "obeyed":
      return signal?.aborted ? signal.reason : new Error(`Task "${taskName}" was asked to stop`);
    case "skipped":
      return skippedBy(asked, ending.reason);
    case "thrown":
      return unpackError(ending.thrown);
    case "uncrossable":
      return new RemoteSerializationError(
        `Task "${taskName}": ${ending.path} ${ending.what}, so it cannot be sent back from a worker.`,
        { direction: "result", path: ending.path },
      );
    case "too-large":
      return new PayloadTooLargeError(
        `Task "${taskName}": its result has ${ending.bytes} bytes as JSON, more than the ${limit} of \`maxPayloadBytes\`. ` +
          "Store it (a file, a bucket, a table) and return where it is, or raise the limit.",
        { direction: "result", bytes: ending.bytes, limit },
      );
    default:
      return new JobRefusedError(
        `Task "${taskName}" was refused by ${ending.executor}: ${ending.message}`,
        { reason: ending.reason },
      );
  }
}

/** The ending does not carry the signature of this fleet. */
export function forged({ taskName }: Asked): Error {
  return new JobRefusedError(
    `Task "${taskName}": its result is not signed with this fleet's key, so it was not taken. Give scheduler and workers the same signingKey.`,
    { reason: "signature" },
  );
}

/** The result is not one that this process can make again. */
export function unreadable({ taskName }: Asked, { executor }: Ending): Error {
  return new JobRefusedError(
    `Task "${taskName}": the result that ${executor} gave cannot be read: it is damaged, or a newer @astrum/core wrote it. Deploy scheduler and workers with the same release.`,
    { reason: "unreadable" },
  );
}

/** The job, or its end, is of a release that speaks another protocol: of a run that was begun with it. */
export function otherProtocol({ taskName }: Asked, runId: string, version = 1): Error {
  return new JobRefusedError(
    `Task "${taskName}": the store has it of a run "${runId}" that speaks version ${version} of the protocol, this scheduler version ${PROTOCOL}. ` +
      "End the run with the release that began it, or give it another runId.",
    { reason: "protocol" },
  );
}

/** The job of that id is another's. */
export function reused({ taskName }: Asked, runId: string): Error {
  return new RunIdReusedError(
    `Task "${taskName}": the store knows a run "${runId}" in which it had other inputs. Give every run its own runId; only a run that goes on has the same.`,
    { runId },
  );
}

/** BullMQ ended the job itself. */
export function lost(
  { taskName }: Asked,
  failedReason: string | undefined,
  state: JobState | undefined,
  deliveries: number,
): Error {
  const executor = state?.executor;
  if (failedReason?.includes("stalled"))
    return new WorkerLostError(
      `Task "${taskName}": every worker that started it was lost (${deliveries} of ${deliveries}${executor === undefined ? "" : `, the last one ${executor}`}). ` +
        "Either the task takes its process down, or it holds the event loop for longer than the worker's lease: run it with threads.",
      { deliveries, executor },
    );
  if (failedReason === undefined)
    return new Error(
      `Task "${taskName}": its job was completed by something that is no worker of a fleet. Let nothing else take jobs from this queue.`,
    );
  return new Error(`Task "${taskName}": its job failed in the store: ${failedReason}`);
}

export function unknownTask(
  { taskName, exportName }: Asked,
  { left, known }: { readonly left: string; readonly known: readonly string[] },
  ms: number,
): Error {
  return new UnknownTaskError(
    `Task "${taskName}": no worker that took it within ${ms} ms has a task "${exportName}"; ${left} has ${known.join(", ") || "none"}. ` +
      "Deploy workers with a module that exports it, or raise unknownTaskMs.",
    { known },
  );
}
