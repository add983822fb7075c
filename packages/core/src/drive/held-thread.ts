/**
 * Finds out who holds the thread after an `await`: a timer that rings late, while one attempt alone is under way, says that
 * this one did. Measures by the clock of the process, whatever clock the run has and whatever a test has faked since.
 */
import type { Call } from "./call.ts";

/** So often the thread is looked at while an attempt waits; what is held for less is not found. */
const EVERY_MS = 20;
/** To hold the thread for longer than this is told in the report. */
export const BLOCKED_MS = 50;

interface LoopTime {
  /** Milliseconds for which the thread was not idle. */
  readonly active: number;
}

/** As they were when this was loaded. */
const setTimer = setTimeout;
const clearTimer = clearTimeout;
const now = performance.now.bind(performance);
/** Node and Bun know when the thread was idle: a process that had no processor held nothing. */
const loopTime = (
  performance as { eventLoopUtilization?: (since?: LoopTime) => LoopTime }
).eventLoopUtilization?.bind(performance);

export class HeldThread {
  readonly #running: () => readonly Call[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When it should ring, and how busy the thread was before. */
  #dueAt = 0;
  #before: LoopTime | undefined;
  /** The only attempt that has been under way since it was set. */
  #alone: Call | undefined;

  constructor(running: () => readonly Call[]) {
    this.#running = running;
  }

  /** An attempt begins: whoever was alone no longer is. */
  begins(call: Call): void {
    if (this.#alone !== call) this.#alone = undefined;
  }

  /** Its function waits for something. */
  waits(): void {
    if (this.#timer === undefined) this.#arm();
  }

  /** Its function has ended: the timer may have had no chance to ring. */
  ends(call: Call): void {
    if (this.#timer !== undefined && this.#alone === call) this.#look();
  }

  /** The run is over, or nobody wants to know. */
  close(): void {
    if (this.#timer !== undefined) clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const running = this.#running();
    this.#alone = running.length === 1 ? running[0] : undefined;
    this.#dueAt = now() + EVERY_MS;
    this.#before = loopTime?.();
    this.#timer = setTimer(() => {
      this.#timer = undefined;
      this.#look();
      if (this.#running().length > 0) this.#arm();
    }, EVERY_MS);
    // The run keeps the process alive, and this must not once it has ended.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #look(): void {
    const call = this.#alone;
    const lateMs = now() - this.#dueAt;
    if (call === undefined || lateMs <= BLOCKED_MS) return;
    const heldMs = Math.min(lateMs, loopTime?.(this.#before).active ?? lateMs);
    if (heldMs > BLOCKED_MS) call.blockedMs = Math.max(heldMs, call.blockedMs ?? 0);
  }
}
