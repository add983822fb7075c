/** Tells an exception, once: on the span of the attempt it ended, or as a log record of that span, or both. */
import type { TaskInfo } from "@astrum/core";
import type { Context, Span } from "@opentelemetry/api";
import { messageOf, stackOf } from "./error-type.ts";
import { instant } from "./instant.ts";
import { loggerOf, type Settings } from "./settings.ts";

export interface Raised {
  readonly error: unknown;
  readonly at: number;
  readonly willRetry: boolean;
  readonly task: TaskInfo;
}

/** `span` is absent for attempts that are not traced: those are told as logs only. */
export function tell(
  raised: Raised,
  settings: Settings,
  span: Span | undefined,
  within: Context,
): void {
  const { error, at, willRetry, task } = raised;
  const { exceptions } = settings;
  const name = className(error);
  const message = messageOf(error);
  const stack = stackOf(error);
  const time = instant(at);
  if (exceptions !== "log") {
    // A copy: SDKs read more of an error than is safe, and would prefer its code to its class.
    span?.recordException(stack === undefined ? { name, message } : { name, message, stack }, time);
  }
  if (exceptions === "event") return;
  loggerOf(settings)?.emit({
    eventName: "astrum.task.exception",
    timestamp: time,
    severityNumber: willRetry ? 13 : 17,
    severityText: willRetry ? "WARN" : "ERROR",
    body: message,
    attributes: {
      "exception.type": name,
      "exception.message": message,
      ...(stack === undefined ? {} : { "exception.stacktrace": stack }),
      "astrum.flow.name": task.run.flow,
      "astrum.run.id": task.run.runId,
      "astrum.task.name": task.name,
    },
    context: within,
  });
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
