/** What a trace of a run looks like, told in lines: from the spans that were sent, and from the report they must equal. */
import type { SerializedReport } from "@astrum/core";
import type { Span } from "./otlp-receiver.ts";

/** `parent > child` for each span, in alphabetical order, but for files that took long: which do is not the report's. */
export function treeOfSpans(spans: readonly Span[]): string[] {
  return linesOf(spans).filter((line) => !line.endsWith("> analyse file"));
}

export function linesOf(spans: readonly Span[]): string[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId }) => `${names.get(parentSpanId) ?? ""} > ${name}`).sort();
}

/** The same lines for a report: its run, each task that could have started, each attempt of those that can be retried. */
export function treeOfReport({
  taskStatistics,
}: Pick<SerializedReport, "taskStatistics">): string[] {
  const declared = ({ parent, taskName }: { parent?: string; taskName: string }) =>
    parent ?? taskName;
  return [
    " > run audit",
    ...taskStatistics
      .filter(({ status }) => status !== "skipped")
      .map(
        ({ parent, taskName }) =>
          `${parent === undefined ? "run audit" : `task ${parent}`} > task ${parent ?? taskName}`,
      ),
    ...taskStatistics.flatMap((task) =>
      task.attemptStatistics
        .filter(({ maxRetries }) => maxRetries > 0)
        .map(() => `task ${declared(task)} > attempt ${declared(task)}`),
    ),
  ].sort();
}
