/** Processor time of the whole process, its threads included, where the runtime tells it. Knows no run. */
import { type Clock, systemClock } from "../contract/clock.ts";

interface Runtime {
  readonly process?: {
    readonly cpuUsage?: () => { readonly user: number; readonly system: number };
  };
}

/** From now on: milliseconds that the process has used since. Nothing in a browser, and where the clock is another one. */
export function processorTime(clock: Clock): () => number | undefined {
  const from = clock === systemClock ? usedMs() : undefined;
  return () => (from === undefined ? undefined : (usedMs() as number) - from);
}

function usedMs(): number | undefined {
  const { process } = globalThis as Runtime;
  const used = process?.cpuUsage?.();
  return used && (used.user + used.system) / 1000;
}
