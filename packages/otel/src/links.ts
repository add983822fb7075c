/** The links of a task's span: to what it waited for. Makes none where nothing is recorded. */
import type { TaskInfo, TaskStartEvent } from "@astrum/core";
import type { Link, SpanContext } from "@opentelemetry/api";

interface Target {
  readonly name: string;
  readonly context: SpanContext;
}

/**
 * Tasks with a span, for those beside them and those inside of them: nobody else waits for them. What is inside of one
 * task is let go with that one.
 */
export class LinkTargets {
  readonly #around: LinkTargets | undefined;
  readonly #own: Map<string, Target> = new Map();

  constructor(around?: LinkTargets) {
    this.#around = around;
  }

  add({ key, name }: TaskInfo, context: SpanContext): void {
    this.#own.set(key, { name, context });
  }

  of(key: string): Target | undefined {
    return this.#own.get(key) ?? this.#around?.of(key);
  }
}

/** One for each dependency that has a span, the one that released the task first: where links are cut, the last go. */
export function linksTo(
  targets: LinkTargets,
  { task, cause }: TaskStartEvent,
  maxLinks: number,
): Link[] {
  const made: Link[] = [];
  const add = (dependency: string, critical: boolean): void => {
    const target = made.length < maxLinks ? targets.of(dependency) : undefined;
    if (target === undefined) return;
    const attributes = {
      "astrum.link.type": "dependency",
      "astrum.task.name": target.name,
      ...(target.name === dependency ? {} : { "astrum.task.key": dependency }),
      ...(critical ? { "astrum.link.critical": true } : {}),
    };
    made.push({ context: target.context, attributes });
  };
  const releaser = isReleasedBy(task, cause) ? cause : undefined;
  if (releaser !== undefined) add(releaser, true);
  for (const dependency of task.dependencies) if (dependency !== releaser) add(dependency, false);
  return made;
}

/** What a subflow depends on is inside of it: it begins with the first of its tasks, and by what released that one. */
function isReleasedBy({ dependencies, role }: TaskInfo, cause: string | undefined): boolean {
  return role === "subflow" || dependencies.some((dependency) => dependency === cause);
}
