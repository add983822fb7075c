/** Tells an exception, once: on the span of the attempt it ended, or as a log record of that span, or both. */
import type { TaskInfo } from "@astrum/core";
import type { Context, Span } from "@opentelemetry/api";
import { messageOf, stackOf } from "./error-type.ts";
import { log } from "./guarded.ts";
import { instant } from "./instant.ts";
import { loggerOf, type Settings } from "./settings.ts";

export interface Raised {
  readonly error: unknown;
  readonly at: number;
  readonly willRetry: boolean;
  readonly task: TaskInfo;
}

/** Of an attempt; `on` is its span, if it has one, `within` the context it ran in. */
export type Raise = (
  raised: Raised,
  errorType: string,
  on: Span | undefined,
  within: Context,
) => void;

export function tellOnSpan({ error, at }: Raised, span: Span): void {
  const name = className(error);
  const message = messageOf(error);
  const stack = stackOf(error);
  // A copy: SDKs read more of an error than is safe, and would prefer its code to its class.
  span.recordException(
    stack === undefined ? { name, message } : { name, message, stack },
    instant(at),
  );
}

/** Does nothing unless exceptions are wanted as logs. */
export function tellAsLog(raised: Raised, settings: Settings, within: Context): void {
  if (settings.exceptions === "event") return;
  const { error, at, willRetry, task } = raised;
  const message = messageOf(error);
  const stack = stackOf(error);
  try {
    loggerOf(settings)?.emit({
      eventName: "astrum.task.exception",
      timestamp: instant(at),
      severityNumber: willRetry ? 13 : 17,
      severityText: willRetry ? "WARN" : "ERROR",
      body: message,
      attributes: {
        "exception.type": className(error),
        "exception.message": message,
        ...(stack === undefined ? {} : { "exception.stacktrace": stack }),
        "astrum.flow.name": task.run.flow,
        "astrum.run.id": task.run.runId,
        "astrum.task.name": task.name,
        ...(task.key === task.name ? {} : { "astrum.task.key": task.key }),
      },
      context: within,
    });
  } catch (fault) {
    log.error("An exception could not be written as a log.", fault);
  }
}

function className(error: unknown): string {
  try {
    const { name } = error as { name?: unknown };
    if (typeof name === "string" && name !== "") return name;
  } catch {
    // It does not let itself be read.
  }
  return "Error";
}
