/**
 * Has a store take what it refuses: full, loading, read-only after a failover, what it refuses now it may take a moment
 * later. Knows no job.
 */
import { StoreUnavailableError } from "../errors.ts";
import { storeError } from "../store/connection.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

interface Persistence {
  readonly taskName: string;
  /** It is tried for so long, as far as this process does not stand still. */
  readonly outageMs: number;
  /** Whether it need not be tried again; what it throws ends the trying as well. */
  over(): boolean;
}

/**
 * Tries until it succeeds, and resolves to whether it did: not when it was over before. Rejects with what `over` throws,
 * and with a `StoreUnavailableError` when the time is up.
 */
export async function persist(
  put: () => Promise<void>,
  { taskName, outageMs, over }: Persistence,
): Promise<boolean> {
  // Counted, not read from a clock: one goes on while this process stands still and nobody asks.
  let waitedMs = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      await put();
      return true;
    } catch (error) {
      const cause = storeError(error);
      if (over()) return false;
      if (waitedMs > outageMs)
        throw new StoreUnavailableError(
          `Task "${taskName}": the store has refused it for ${outageMs} ms: ${cause.message}`,
          { cause },
        );
      await new Promise((resolve) => setTimeout(resolve, pause));
      waitedMs += pause;
      if (over()) return false;
    }
  }
}
