/**
 * Makes the scheduler's ambient context (a trace, baggage) ambient around a task's function. The far side of
 * `AttemptScope.inject`, with its guarantee: an activator that throws, forgets to proceed, or proceeds twice or late,
 * changes neither whether nor how the function runs. Knows no job.
 */
import type { RemoteActivator } from "@astrum/core";

export interface Activated {
  readonly activators: readonly RemoteActivator[];
  readonly carrier: Readonly<Record<string, string>>;
  readonly info: { readonly task: string; readonly attempt: number };
  onFault(activator: string, error: unknown): void;
}

/** Has them hand on what they have buffered, before the process ends. A hanging one is not waited for. */
export async function flushActivators(
  activators: readonly RemoteActivator[],
  timeoutMs: number,
  onFault: Activated["onFault"],
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise((resolve) => signal.addEventListener("abort", resolve));
  const flushes = activators.map(async (activator) => {
    try {
      await activator.flush?.(signal);
    } catch (error) {
      onFault(activator.name, error);
    }
  });
  await Promise.race([Promise.all(flushes), late]);
}

/** Runs `run` once, within all of them; the first is outermost. Throws what it throws. */
export function runActivated<T>(setting: Activated, run: () => T): T {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  const enter = (at: number): void => {
    const activator = setting.activators[at];
    if (activator === undefined) {
      if (outcome !== undefined) return;
      try {
        outcome = { value: run() };
      } catch (error) {
        outcome = { error };
      }
      return;
    }
    let proceeded = false;
    const proceed = (): void => {
      if (proceeded) return;
      proceeded = true;
      enter(at + 1);
    };
    try {
      activator.activate(setting.carrier, setting.info, proceed);
    } catch (error) {
      setting.onFault(activator.name, error);
    }
    proceed();
  };
  enter(0);
  // The compiler does not see that `enter` has set it.
  const ended = outcome as unknown as { readonly value: T } | { readonly error: unknown };
  if ("error" in ended) throw ended.error;
  return ended.value;
}
