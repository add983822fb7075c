/**
 * What surrounds a run from its first moment to its last: the caller's signal, the time limit, the life of the process;
 * and its beginning, which parameters that are still being checked put off. Called off before that, a run begins stopped.
 */

import type { MachineEvent } from "../machine/event.ts";
import type { StopCause } from "../machine/reason.ts";
import type { Host } from "./host.ts";
import type { RunOptions } from "./options.ts";
import { NO_PARAMETERS, type Parameters } from "./parameters.ts";
import { holdProcess, onAbort } from "./surroundings.ts";

/** What it needs of the driver. */
export interface OpeningHost extends Host {
  cancel(reason: unknown): void;
  /** Why the run stops now that its time limit has passed. */
  runTimeUp(limitMs: number, at: number): StopCause;
  /** Sends the first event. `waited`: parameters had to be waited for. */
  begin(parameters: Parameters, waited: boolean): void;
  /** There will be no report. */
  fail(error: unknown): void;
}

export class Opening {
  readonly #host: OpeningHost;
  readonly #options: RunOptions;
  /** What calls off all that must not outlive the run. */
  readonly #releases: (() => void)[] = [];
  #phase: "checking" | "stopped" | "begun" = "checking";
  #closed = false;
  /** The instant at which the run's time limit passes; none once that was told. */
  #deadline: number;

  constructor(host: OpeningHost, options: RunOptions) {
    this.#host = host;
    this.#options = options;
    this.#deadline = options.timeoutMs ?? Number.POSITIVE_INFINITY;
  }

  /** A signal that is aborted already asks for nothing: not even parameters are checked. */
  open(parameters: () => Parameters | Promise<Parameters>): void {
    const { signal } = this.#options;
    if (signal?.aborted) {
      this.#stop({ kind: "aborted", reason: signal.reason }, this.#host.now());
      this.#begin(NO_PARAMETERS, false);
      return;
    }
    if (signal !== undefined) {
      this.#releases.push(onAbort(signal, () => this.#host.cancel(signal.reason)));
    }
    const given = parameters();
    if (!(given instanceof Promise)) {
      this.#begin(given, false);
      if (this.#host.machine.state === undefined && !this.#closed) this.#hold();
      return;
    }
    this.#hold();
    given
      .then(
        (checked) => this.#begin(checked, true),
        (error: unknown) => this.#refused(error),
      )
      .catch((error: unknown) => this.#host.fail(error));
  }

  /** The time limit of the run, and the life of the process: both until it settles. */
  #hold(): void {
    if (this.#deadline < Number.POSITIVE_INFINITY) {
      const left = Math.max(0, this.#deadline - this.#host.now());
      const expire = (): void => {
        const stop = this.timeUp(this.#host.now());
        if (stop !== undefined) this.#host.send(stop);
      };
      this.#releases.push(this.#host.after(left, expire));
    }
    this.#releases.push(holdProcess());
  }

  #begin(parameters: Parameters, waited: boolean): void {
    if (this.#phase === "begun") return;
    this.#phase = "begun";
    this.#host.begin(parameters, waited);
  }

  /** A parameter was refused; that is the end, unless the run was called off before. */
  #refused(error: unknown): void {
    if (this.#phase === "stopped") this.#begin(NO_PARAMETERS, true);
    else if (this.#phase === "checking") this.#host.fail(error);
  }

  #stop(cause: StopCause, at: number): void {
    this.#host.send({ type: "stop", at, cause });
  }

  /** The run was stopped. Parameters that are being checked are waited for, within the grace period. */
  stopped(): void {
    if (this.#phase !== "checking") return;
    this.#phase = "stopped";
    const { graceMs } = this.#options;
    if (graceMs === undefined) return;
    this.#releases.push(this.#host.after(graceMs, () => this.#begin(NO_PARAMETERS, true)));
  }

  /** When the time limit of the run passes, or has passed; it is none any more for what goes on after the run. */
  get endsAt(): number {
    const { timeoutMs = Number.POSITIVE_INFINITY } = this.#options;
    return this.#host.machine.state === undefined ? timeoutMs : Number.POSITIVE_INFINITY;
  }

  /** Whether the time limit of the run has passed without a word. */
  isLate(at: number): boolean {
    return at > this.#deadline && this.#host.machine.state === undefined;
  }

  /** The event that says that the time limit has passed: once. */
  timeUp(at: number): MachineEvent | undefined {
    const limitMs = this.#deadline;
    if (limitMs === Number.POSITIVE_INFINITY) return undefined;
    this.#deadline = Number.POSITIVE_INFINITY;
    return { type: "stop", at, cause: this.#host.runTimeUp(limitMs, at) };
  }

  /** Nothing of the run's outlives it. */
  close(): void {
    this.#closed = true;
    for (const release of this.#releases) {
      try {
        release();
      } catch {
        // A signal of the caller's own that does not let go.
      }
    }
    this.#releases.length = 0;
  }
}
