/**
 * The clock of one run: instants since its anchor, which never go back, and timers. A clock of the user's own may throw,
 * give no numbers or call twice; that is told once, and the run goes on to its end on the clock of the system. Knows no
 * task and no event.
 */
import { type Anchor, type Clock, systemClock } from "../contract/clock.ts";
import { describe } from "../ground/describe.ts";
import { ClockError, frameless } from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";

/** Beyond the range of a `Date` there are no instants, and the microseconds of a double are not exact. */
const LAST_MS = 8.64e15;

export class RunClock {
  /** The last instant that was read. */
  instant = 0;
  readonly #anchor: Anchor;
  readonly #onFault: (error: ClockError) => void;
  #clock: Clock;
  #origin: number;

  constructor(anchor: Anchor, onFault: (error: ClockError) => void) {
    this.#anchor = anchor;
    this.#onFault = onFault;
    this.#clock = anchor.clock;
    this.#origin = anchor.now;
  }

  now(): number {
    let at: number;
    try {
      at = this.#clock.now() - this.#origin;
    } catch (error) {
      return this.#failed("now()", `threw: ${summarizeError(error)}`, error);
    }
    if (at > this.instant && at <= LAST_MS) {
      this.instant = at;
      return at;
    }
    // A clock of the caller's own may go back; a run does not.
    if (at <= this.instant) return this.instant;
    return this.#failed("now()", `gave ${describe(at)}`);
  }

  /** Calls back at most once, and not after it was called off. */
  after(ms: number, fire: () => void): () => void {
    let open = true;
    const once = (): void => {
      if (!open) return;
      open = false;
      fire();
    };
    let callOff: () => void;
    try {
      callOff = this.#clock.after(ms, once);
      if (typeof callOff !== "function") throw new TypeError(`it gave ${describe(callOff)}`);
    } catch (error) {
      this.#failed("after()", `failed: ${summarizeError(error)}`, error);
      callOff = open ? systemClock.after(ms, once) : () => {};
    }
    return () => {
      open = false;
      try {
        callOff();
      } catch (error) {
        this.#failed("after()", `could not be called off: ${summarizeError(error)}`, error);
      }
    };
  }

  /** How far the wall clock has drifted from the monotonic one; `null` when it cannot be read. It counts whole milliseconds: one is none. */
  driftMs(at: number): number | null {
    const { clock, epochMs } = this.#anchor;
    try {
      const ms = clock.wallNow() - epochMs - at;
      if (!Number.isFinite(ms)) return null;
      return Math.abs(ms) < 2 ? 0 : Math.round(ms);
    } catch {
      return null;
    }
  }

  /** From here on it is the clock of the system that counts. */
  #failed(what: string, how: string, cause?: unknown): number {
    if (this.#clock === systemClock) return this.instant;
    this.#clock = systemClock;
    this.#origin = systemClock.now() - this.instant;
    const fault = new ClockError(`\`clock.${what}\` ${how}`, cause === undefined ? {} : { cause });
    this.#onFault(frameless(fault));
    return this.instant;
  }
}
