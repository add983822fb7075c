/**
 * What crosses between the pool and its threads, as types. The pool's end is TypeScript, the threads' end is plain
 * JavaScript (Node 20 starts no `.ts` thread), so both read the shapes here. Knows no port, no pool, no thread.
 */
import type { MessagePort } from "node:worker_threads";
import type { Attribute, ErrorParts, Obstacle, RemoteLogLine } from "astrum-crossing";
import type { WorkerModuleError } from "./errors.ts";

/**
 * A thrown value on its way: an error taken apart, a list of such values, a plain value, the note that neither was possible, or the mark that
 * it is the reason of the cancellation, which the other side still has.
 */
export type Packed =
  | { readonly reason: true }
  | { readonly error: ErrorParts<Packed> }
  | { readonly list: readonly Packed[] }
  | { readonly value: unknown }
  | { readonly obstacle: Obstacle };

/** One call on its way into a thread. */
export interface CallMessage {
  readonly sequence: number;
  /** Which pair of the shared flags belongs to this call. */
  readonly lane: number;
  readonly url: string;
  /** Without it the thread answers with the names of the functions the module exports. */
  readonly exportName: string | undefined;
  readonly args: readonly unknown[];
  readonly taskName: string;
  readonly runId: string;
  readonly attempt: number;
  readonly attributes: readonly (readonly [string, Attribute])[] | undefined;
  readonly carrier: Readonly<Record<string, string>> | undefined;
  /** When the time limits of the attempt pass, in milliseconds since the Unix epoch by the clock of this process. */
  readonly endsAt?: number | undefined;
  /** That of the call itself, from the start of the function, which is then told: the pool keeps time. */
  readonly timeoutMs?: number | undefined;
  /** The thread's end of its port, with the first call it is given. */
  port?: MessagePort;
}

export type FromThread =
  | {
      readonly kind: "progress";
      readonly sequence: number;
      readonly fraction: number;
      readonly message: string | undefined;
    }
  | {
      readonly kind: "spent";
      readonly sequence: number;
      readonly resource: string;
      readonly amount: number;
    }
  | {
      readonly kind: "log";
      readonly sequence: number;
      readonly lines: readonly RemoteLogLine[];
      readonly leftOut: number;
    }
  | { readonly kind: "start"; readonly sequence: number }
  | Answer
  /** Sent by a thread that an uncaught error is about to end. */
  | { readonly kind: "dying"; readonly thrown: Packed }
  | { readonly kind: "flushed" };

/** How a call ended, in the thread's own words. */
export type Answer = {
  readonly sequence: number;
  readonly attributes: readonly (readonly [string, Attribute])[] | undefined;
} & (
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "skipped"; readonly reason: string }
  | {
      readonly kind: "thrown";
      readonly thrown: Packed;
    }
  | {
      readonly kind: "uncrossable";
      readonly direction: "result" | "error";
      readonly obstacle: Obstacle;
      readonly cause: Packed | undefined;
    }
  | { readonly kind: "module"; readonly failure: ModuleFailure }
);

export interface ModuleFailure {
  readonly reason: WorkerModuleError["reason"];
  readonly url: string;
  readonly exports: readonly string[];
  readonly cause: Packed | undefined;
}

export type ToThread =
  | { readonly kind: "cancel"; readonly sequence: number; readonly reason: Packed }
  | { readonly kind: "flush"; readonly timeoutMs: number };

/** Given to every thread of a pool when it starts. */
export interface ThreadData {
  /** Two cells a lane: the sequence that is cancelled, and the sequence that has started. */
  readonly flags: Int32Array;
  readonly preload: readonly string[];
  readonly activators: readonly string[];
  readonly flushAfterMs: number;
}
