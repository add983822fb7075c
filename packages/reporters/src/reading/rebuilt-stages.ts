/**
 * The stages of a run of which only its tasks are known: when the tasks of each depth ran, and what they could run beside.
 */
import type { StageStatistics, TaskStatistics } from "@astrum/core";

/** More names than that in all lists of what runs in parallel, and each stage names its own tasks only. */
const MOST_NAMES = 5_000_000;

export function rebuiltStages(tasks: readonly TaskStatistics[]): StageStatistics[] {
  const stages = new Map<number, TaskStatistics[]>();
  for (const task of tasks) {
    // Only a row that was written as a whole can hold one that is no stage.
    if (task.stageId === null || task.stageId < 0) continue;
    const members = stages.get(task.stageId);
    if (members === undefined) stages.set(task.stageId, [task]);
    else members.push(task);
  }
  const inOrder = Array.from(stages).sort(([a], [b]) => a - b);
  const parallel = parallelTasks(inOrder);
  return inOrder.map(([stageId, members], at) => {
    const startTasks = members.map(({ taskName }) => taskName);
    const parallelTasks = parallel?.[at] ?? startTasks;
    const waitTasks = Array.from(namesAwaited(members));
    const { startAt, endAt } = spanOf(members);
    return {
      stageId,
      stageName: `Stage_${stageId}`,
      startAt,
      endAt,
      durationMs:
        startAt === null || endAt === null ? 0 : thousandths(Math.max(0, endAt - startAt)),
      parallelTaskCount: parallelTasks.length,
      waitTaskCount: waitTasks.length,
      parallelTasks,
      waitTasks,
      startTasks,
    };
  });
}

function namesAwaited(members: readonly TaskStatistics[]): Set<string> {
  const names = new Set<string>();
  for (const { dependencies } of members) for (const { task } of dependencies) names.add(task);
  return names;
}

/** The tasks of a stage, and those of earlier stages that nobody has had to wait for yet. */
function parallelTasks(
  stages: readonly (readonly [number, readonly TaskStatistics[]])[],
): string[][] | undefined {
  const lists: string[][] = [];
  let going: TaskStatistics[] = [];
  let names = 0;
  let gated = false;
  for (const [, members] of stages) {
    const awaited = namesAwaited(members);
    // Finally tasks have stages of their own, and wait for all others but tails; those of a flow inside for that flow.
    gated ||= members.some(isFinally);
    going = going.filter((task) => {
      const over = gated && task.kind !== "tail" && !isFinally(task);
      return !over && !awaited.has(task.taskName);
    });
    for (const task of members) going.push(task);
    names += going.length;
    if (names > MOST_NAMES) return undefined;
    lists.push(going.map(({ taskName }) => taskName));
  }
  return lists;
}

function isFinally({ role, parent }: TaskStatistics): boolean {
  return role === "finally" && parent === undefined;
}

function spanOf(members: readonly TaskStatistics[]): Pick<StageStatistics, "startAt" | "endAt"> {
  let first: number | null = null;
  let last: number | null = null;
  for (const { startAt, endAt } of members) {
    if (startAt === null) continue;
    first = Math.min(startAt, first ?? startAt);
    if (endAt !== null) last = Math.max(endAt, last ?? endAt);
  }
  return { startAt: first, endAt: last };
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
