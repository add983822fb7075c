/** The links of a task's span: to what it waited for. Makes none where nothing is recorded. */
import type { TaskStartEvent } from "@astrum/core";
import type { Link, SpanContext } from "@opentelemetry/api";

/** One for each dependency that has a span, the one that released the task first: where links are cut, the last go. */
export function linksTo(
  spans: ReadonlyMap<string, SpanContext>,
  { task, cause }: TaskStartEvent,
  maxLinks: number,
): Link[] {
  const made: Link[] = [];
  const add = (dependency: string, critical: boolean): void => {
    const context = made.length < maxLinks ? spans.get(dependency) : undefined;
    if (context === undefined) return;
    const attributes = {
      "astrum.link.type": "dependency",
      "astrum.task.name": dependency,
      ...(critical ? { "astrum.link.critical": true } : {}),
    };
    made.push({ context, attributes });
  };
  const releaser = task.dependencies.find((dependency) => dependency === cause);
  if (releaser !== undefined) add(releaser, true);
  for (const dependency of task.dependencies) if (dependency !== releaser) add(dependency, false);
  return made;
}
