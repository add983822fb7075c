/**
 * Functions of the application, which may throw: a span or a metric must not be lost with them. What went wrong is said
 * once for each, in the log of the API (`diag`), which is where an application looks for faults of instrumentation.
 */
import { type DiagLogger, diag } from "@opentelemetry/api";

export const log: DiagLogger = diag.createComponentLogger({ namespace: "@astrum/otel" });

/** Gives `undefined` where `hook` throws or answers with a promise. */
export function guarded<A extends unknown[], R>(
  name: string,
  hook: ((...args: A) => R) | undefined,
): ((...args: A) => R | undefined) | undefined {
  if (hook === undefined) return undefined;
  let said = false;
  const say = (what: string, error?: unknown): void => {
    if (said) return;
    said = true;
    log.error(`\`${name}\` ${what}. Spans and metrics go on without it; this is said once.`, error);
  };
  return (...args) => {
    try {
      const answer = hook(...args);
      if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== "function") return answer;
      say("gave a promise, and is not waited for");
      (answer as unknown as PromiseLike<unknown>).then(undefined, () => {});
    } catch (error) {
      say("threw", error);
    }
    return undefined;
  };
}
