/**
 * Which pairs of a flow and a task get series of their own. A pair is what costs; a limit on each of the two names alone
 * would allow their product. Half of all places are shared out among the flows, so that one with many tasks takes nothing
 * that another has a right to. Knows names; not what is counted under them.
 */

/** Stands for every name beyond a limit. */
export const OTHER = "_other";

export interface PairLimits {
  /** Flows at most. */
  readonly flows: number;
  /** Tasks of one flow at most. */
  readonly perFlow: number;
  /** Pairs of both at most; at least one a flow. */
  readonly pairs: number;
  /** The only tasks that get a name, if it is given. */
  readonly allow?: ReadonlySet<string> | undefined;
}

/** What has a place. Plain data, because several copies of a package may share it. */
export interface TakenPairs {
  readonly tasksOf: Map<string, Set<string>>;
  /** Places taken beyond the shares. */
  beyond: number;
}

export interface FewPairs {
  /** The flow, or `_other`. */
  flow(name: string): string;
  /** The task of a flow that `flow` gave, or `_other`. */
  task(flow: string, name: string): string;
}

/** `full` is told of each name that got no place for want of room. */
export function fewPairs(
  limits: PairLimits,
  taken: TakenPairs,
  full: (what: "flow" | "task", name: string) => void,
): FewPairs {
  const { flows, perFlow, pairs, allow } = limits;
  const share = Math.min(perFlow, Math.max(1, Math.floor(pairs / 2 / flows)));
  const shareless = Math.max(0, pairs - share * flows);
  const tasksOf = (flow: string): Set<string> => {
    const tasks = taken.tasksOf.get(flow) ?? new Set();
    taken.tasksOf.set(flow, tasks);
    return tasks;
  };
  return {
    flow(name) {
      if (taken.tasksOf.has(name)) return name;
      // The place of `_other` itself is not counted.
      const count = taken.tasksOf.size - (taken.tasksOf.has(OTHER) ? 1 : 0);
      if (count < flows) {
        tasksOf(name);
        return name;
      }
      tasksOf(OTHER);
      full("flow", name);
      return OTHER;
    },
    task(flow, name) {
      const tasks = tasksOf(flow);
      if (tasks.has(name)) return name;
      if (allow !== undefined && !allow.has(name)) return OTHER;
      const room = tasks.size < share || (tasks.size < perFlow && taken.beyond < shareless);
      if (!room) {
        full("task", name);
        return OTHER;
      }
      if (tasks.size >= share) taken.beyond++;
      tasks.add(name);
      return name;
    },
  };
}
