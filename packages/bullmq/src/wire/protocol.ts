/**
 * What crosses between a scheduler and the workers, as types, with the version of it. A job is one attempt; its id names
 * run, task and attempt, so that the same attempt is never two jobs. Knows no store.
 */
import { createHash } from "node:crypto";
import type { EncodedValue } from "@astrum/core";
import type { RemoteLogLine } from "astrum-crossing";

/**
 * Raised when a worker of the version before could not carry out a job of this one, or would answer it wrongly. Version 1
 * sent arguments, results and errors as JSON of its own; 2 sends them as the core writes values down.
 */
export const PROTOCOL = 2;

export type Attribute = string | number | boolean;

/** The data of a job. Its name is the name of the export. */
export interface JobData {
  readonly v: number;
  readonly runId: string;
  readonly taskName: string;
  readonly attempt: number;
  /** Which call of its attempt this is, where it is not the first. */
  readonly call?: number;
  /** The list of them. */
  readonly args: EncodedValue;
  /** Of the export's name and the arguments: another hash under the same id is another run. */
  readonly hash: string;
  /** The call that put the job in: an ending that names another one is of an earlier life of the same run. */
  readonly by: string;
  /** What a result may have. */
  readonly maxBytes: number;
  readonly carrier?: Readonly<Record<string, string>>;
  readonly attributes?: readonly (readonly [string, Attribute])[];
  /** When the time limits of its attempt pass, in milliseconds since the Unix epoch by the clock of the store. */
  readonly endsAt?: number;
  readonly signature?: string;
}

/** Of what a task says, so many characters come with its ending: the last lines. */
export const LOG_CHARS = 8_192;

/** From so many bytes on a result is stored beside its job. */
export const LARGE_BYTES = 16_384;

/** How an attempt ended, in the worker's own words. */
export type Ending = {
  /** Of the protocol that its worker speaks; missing where that was 1. */
  readonly v?: number;
  /** `host:pid`, and the thread where there was one. */
  readonly executor: string;
  /** How often the job had been started. */
  readonly deliveries: number;
  /** Of the job's data. */
  readonly by: string;
  readonly hash: string;
  readonly attributes?: readonly (readonly [string, Attribute])[];
  /** What it has spent of rate limits, by their names. */
  readonly spent?: readonly (readonly [string, number])[];
  /** The last lines that it said, and how many there were before them. */
  readonly log?: { readonly lines: readonly RemoteLogLine[]; readonly leftOut: number };
  readonly signature?: string;
} /** A large value lies beside the job instead (`stored`): every listener would be sent it with the event otherwise. */ & (
  | { readonly kind: "value"; readonly value?: EncodedValue; readonly stored?: true }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "thrown"; readonly thrown: EncodedValue }
  /** It threw the reason it was asked to stop with, which the scheduler still has. */
  | { readonly kind: "obeyed" }
  | { readonly kind: "uncrossable"; readonly path: string; readonly what: string }
  | { readonly kind: "too-large"; readonly bytes: number }
  | {
      readonly kind: "refused";
      readonly reason: "protocol" | "signature" | "unreadable";
      readonly message: string;
    }
);

/** What a worker says of a job while it has it. The count puts words in order that come by two ways. */
export type Word =
  | { readonly n: number; readonly fraction: number; readonly message?: string }
  | { readonly left: string; readonly known: readonly string[] };

/** What a scheduler tells all workers. */
export interface CancelMessage {
  readonly jobId: string;
  readonly reason: EncodedValue;
}

type Named = Pick<JobData, "runId" | "taskName" | "attempt" | "call">;

/**
 * A job's id: run, task and attempt with `/` between them, and the number of the call where it is not the first of its
 * attempt. BullMQ takes no `:`, and no id that reads as an integer.
 */
export function jobIdOf({ runId, taskName, attempt, call = 1 }: Named): string {
  return `${escaped(runId)}/${escaped(taskName)}/${attempt}${call > 1 ? `/${call}` : ""}`;
}

/** The same for every attempt and delivery of a call of a task in a run. */
export function idempotencyKeyOf({ runId, taskName, call = 1 }: Omit<Named, "attempt">): string {
  return `${escaped(runId)}/${escaped(taskName)}${call > 1 ? `/${call}` : ""}`;
}

function escaped(part: string): string {
  return part.replace(
    /[%/:\s]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`,
  );
}

export function hashOf(exportName: string, argsJson: string): string {
  return createHash("sha256").update(exportName).update("\0").update(argsJson).digest("base64url");
}

/** The reason of a failed job: a line for people, and the ending for the scheduler. */
export function failedReasonOf(line: string, ending: Ending): string {
  return `${line.replace(/\s+/g, " ").slice(0, 500)}\n${JSON.stringify(ending)}`;
}

/** The ending in the reason of a failed job; `undefined` when the store's library wrote that reason itself. */
export function endingIn(failedReason: string): Ending | undefined {
  const at = failedReason.lastIndexOf("\n{");
  if (at === -1) return undefined;
  try {
    return asEnding(JSON.parse(failedReason.slice(at + 1)));
  } catch {
    return undefined;
  }
}

/** What a completed job gave back, as its ending; `undefined` when no worker of ours completed it, or it is damaged. */
export function asEnding(returned: unknown): Ending | undefined {
  const { kind, executor, deliveries, attributes, spent, log } = (returned ??
    {}) as Partial<Ending>;
  const isOne =
    typeof kind === "string" &&
    typeof executor === "string" &&
    typeof deliveries === "number" &&
    arePairs(attributes) &&
    arePairs(spent) &&
    (log === undefined || Array.isArray(log?.lines));
  return isOne ? (returned as Ending) : undefined;
}

/** What a job has as its progress, as the word of a worker; `undefined` for anything else. */
export function asWord(said: unknown): Word | undefined {
  const { left, known, n, fraction } = (said ?? {}) as Record<string, unknown>;
  const isOne =
    typeof left === "string"
      ? Array.isArray(known)
      : typeof n === "number" && typeof fraction === "number";
  return isOne ? (said as Word) : undefined;
}

function arePairs(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(Array.isArray));
}

/** Whether what was read from the store has the shape of a job of ours, of whichever version. */
export function isJobData(data: unknown): data is JobData {
  const { v, runId, taskName, attempt, args } = (data ?? {}) as Partial<JobData>;
  return (
    typeof v === "number" &&
    typeof runId === "string" &&
    typeof taskName === "string" &&
    typeof attempt === "number" &&
    typeof args === "object" &&
    args !== null
  );
}
