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
  const releaser = isReleaser(task, cause) ? cause : undefined;
  if (releaser !== undefined) add(releaser, true);
  for (const dependency of task.dependencies) if (dependency !== releaser) add(dependency, false);
  return made;
}

/**
 * Nearly always a dependency. A subflow begins by what released the first of its tasks, a flow of a loop when the one
 * before it has ended, a finally task after all others. What a task is inside of is there as the span above it.
 */
function isReleaser({ key, kind }: TaskInfo, cause: string | undefined): boolean {
  if (cause === undefined || kind === "item") return false;
  return !key.startsWith(`${cause}.`) && !key.startsWith(`${cause}[`);
}
