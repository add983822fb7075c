/**
 * What was in the store before under the id of a job: of an earlier life of the same run, or of something else. Changes
 * nothing.
 */
import type { JobState } from "../store/job-store.ts";
import { type Ending, type JobData, PROTOCOL } from "../wire/protocol.ts";
import { otherProtocol, reused } from "./ending-error.ts";

type Asked = Parameters<typeof reused>[0];

/** Why a job that is there is not to be touched; `undefined` when it may be taken for one's own. */
export function objection(
  asked: Asked,
  own: JobData,
  put: Partial<JobData> | undefined,
  state: JobState | undefined,
): Error | undefined {
  if (put === undefined) return undefined;
  // What a worker refused was never begun.
  const refused = state?.ending?.kind === "refused";
  if (put.v !== PROTOCOL) return refused ? undefined : otherProtocol(asked, own.runId, put.v);
  return put.hash === own.hash ? undefined : reused(asked, own.runId);
}

/** Whether an ending counts, or its task is to be called again; an error where it is of something else. */
export function judged(asked: Asked, own: JobData, ending: Ending): "counts" | "again" | Error {
  const refused = ending.kind === "refused";
  if (ending.v !== PROTOCOL && !refused) return otherProtocol(asked, own.runId, ending.v);
  if (ending.by === own.by) return "counts";
  if (ending.hash !== own.hash && !refused) return reused(asked, own.runId);
  return ending.kind === "value" ? "counts" : "again";
}
