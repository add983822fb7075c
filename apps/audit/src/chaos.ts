/**
 * Failures by chance, for demonstrations and tests: a runner around another, which fails attempts that will be retried.
 * Who fails depends on the seed and on nothing else, so that a run can be repeated.
 */
import { createHash } from "node:crypto";
import type { Runner, RunnerAttempt } from "@astrum/core";

/** Passes for a moment's trouble, as a busy file is: what retries that, retries this. */
class InjectedFailure extends Error {
  override readonly name = "InjectedFailure";
  readonly code = "EBUSY";
}

/**
 * Fails `share` (0 to 1) of all attempts but the last one of each task, which it leaves alone: the outcome of a run is the same
 * as without.
 */
export function withFailures(share: number, seed: number, runner: Runner = runHere): Runner {
  return (attempt) => {
    const { number, task } = attempt.info;
    if (number < task.maxAttempts && chance(`${seed} ${task.key} ${number}`) < share) {
      throw new InjectedFailure(`Injected by --chaos ${share} --seed ${seed}`);
    }
    return runner(attempt);
  };
}

function runHere({ run, args, context }: RunnerAttempt): unknown {
  return run(...args, context);
}

/** Evenly spread over 0 to 1, and always the same for the same text. */
function chance(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE() / 2 ** 32;
}
