/**
 * Signs what crosses with a key that both sides have (HMAC-SHA256), and checks it. The id of the job is part of what is
 * signed, so that a signed payload is of no use under another id. Without a key it signs nothing and accepts all.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Ending, JobData } from "./protocol.ts";

export class Signer {
  readonly #key: string | undefined;

  constructor(key: string | undefined) {
    this.#key = key;
  }

  job(jobId: string, exportName: string, data: JobData): JobData {
    const signature = this.#of(["job", jobId, exportName, jobParts(data)]);
    return signature === undefined ? data : { ...data, signature };
  }

  isOurJob(jobId: string, exportName: string, data: JobData): boolean {
    return this.#matches(data.signature, ["job", jobId, exportName, jobParts(data)]);
  }

  ending(jobId: string, ending: Ending): Ending {
    const signature = this.#of(["ending", jobId, ending]);
    return signature === undefined ? ending : { ...ending, signature };
  }

  isOurEnding(jobId: string, { signature, ...ending }: Ending): boolean {
    return this.#matches(signature, ["ending", jobId, ending]);
  }

  #matches(signature: string | undefined, what: unknown): boolean {
    const expected = this.#of(what);
    if (expected === undefined) return true;
    if (typeof signature !== "string" || signature.length !== expected.length) return false;
    return timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
  }

  /** JSON that was made by `JSON.stringify` gives the same text again after a parse. */
  #of(what: unknown): string | undefined {
    if (this.#key === undefined) return undefined;
    return createHmac("sha256", this.#key).update(JSON.stringify(what)).digest("base64url");
  }
}

/** In a fixed order, whatever the order of the fields. */
function jobParts(data: JobData): unknown[] {
  const {
    v,
    runId,
    taskName,
    attempt,
    call = 1,
    args,
    hash,
    by,
    maxBytes,
    carrier,
    attributes,
    endsAt,
  } = data;
  return [
    v,
    runId,
    taskName,
    attempt,
    call,
    args,
    hash,
    by,
    maxBytes,
    carrier ?? null,
    attributes ?? null,
    endsAt ?? null,
  ];
}
