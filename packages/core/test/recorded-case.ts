/**
 * The recorded behaviour of the documented Python scheduler (0.1.1, on a virtual clock): what it was given, what it did,
 * and how to give the same to this one. `conformance/named/*.json` are written by hand, `conformance/random.json` is
 * generated; both are data and never edited.
 */
import { readdirSync, readFileSync } from "node:fs";
import {
  type DataItem,
  DynamicScheduler,
  type SchedulerOptions,
  type TaskCallable,
  type TaskContext,
  type TaskData,
  type TaskOrder,
} from "../src/index.ts";
import type { VirtualClock } from "../src/testing.ts";

export interface Case {
  readonly name: string;
  readonly scenario: Scenario;
  readonly observed: Observed;
}

/** The n-th call of a task plays its n-th attempt, later ones the last. */
interface Scenario {
  readonly tasks: readonly {
    readonly id: string;
    readonly deps: readonly string[];
    readonly retry?: number;
    readonly sync?: boolean;
    readonly attempts: readonly Played[];
  }[];
  readonly concurrency?: number;
  readonly ignoreTailTasks?: readonly string[];
  readonly inputs?: readonly {
    readonly from: string;
    /** A key, an index, or `null` for the whole output. */
    readonly select: string | number | null;
    readonly to: string;
    readonly as: string | number;
  }[];
}

/** Waits `ms` (none when synchronous), then returns, throws, or returns what it was called with. */
interface Played {
  readonly ms?: number;
  readonly return?: unknown;
  readonly throw?: string;
  readonly echo?: boolean;
}

export type Moment = readonly [
  ms: number,
  what: "start" | "return" | "throw" | "cancel",
  task: string,
];

interface Observed {
  readonly plan?: {
    readonly stages: readonly {
      readonly stageId: number;
      readonly start: readonly string[];
      readonly wait: readonly string[];
      /** Sorted. */
      readonly parallel: readonly string[];
    }[];
    readonly totalTasks: number;
    readonly maxParallelism: number;
  };
  readonly planError?: { readonly type: string; readonly message: string };
  readonly constructError?: string;
  readonly report?: {
    readonly executionState: "completed" | "failed";
    readonly totalTasks: number;
    readonly totalStages: number;
    readonly maxParallelism: number;
    readonly originalTasks: Readonly<Record<string, readonly string[]>>;
    readonly tailTasks: readonly string[];
    readonly returns: Readonly<Record<string, unknown>>;
    readonly tasks: readonly {
      readonly taskName: string;
      readonly status: "completed" | "failed" | "cancelled";
      readonly errorMessage: string | null;
      readonly retry: number;
      readonly attempts: readonly {
        readonly attemptNumber: number;
        readonly maxRetries: number;
        readonly status: "completed" | "failed" | "cancelled";
        readonly errorMessage: string | null;
        readonly willRetry: boolean;
      }[];
    }[];
    readonly endedAtMs: number;
  };
  /** Goes on after the end of the run, for as long as tail tasks do. */
  readonly timeline?: readonly Moment[];
}

export function recordedCases(): Case[] {
  const read = (path: string): unknown =>
    JSON.parse(readFileSync(new URL(`./conformance/${path}`, import.meta.url), "utf8"));
  const named = readdirSync(new URL("./conformance/named", import.meta.url)).sort();
  return [
    ...named.map((file) => read(`named/${file}`) as Case),
    ...(read("random.json") as readonly Case[]),
  ];
}

/** A scheduler that is given a scenario, and what its tasks do from then on. */
export function playing(
  { tasks, inputs = [], concurrency, ignoreTailTasks }: Scenario,
  clock: VirtualClock,
  dispatch: "dependencies" | "stages",
): { scheduler: DynamicScheduler; timeline: readonly Moment[] } {
  const timeline: Moment[] = [];
  const positional = new Set(inputs.filter(({ as }) => typeof as === "number").map(({ to }) => to));
  const functions = tasks.map(({ id, attempts }): [string, TaskCallable] => {
    let calls = 0;
    const tell = (what: Moment[1]): void => void timeline.push([clock.now(), what, id]);
    const play = (...given: readonly unknown[]): unknown => {
      const { ms, ...step } = attempts[Math.min(calls++, attempts.length - 1)] as Played;
      const args = given.slice(0, -1);
      const end = (): unknown => {
        tell(step.throw === undefined ? "return" : "throw");
        if (step.throw !== undefined) throw new Error(step.throw);
        if (!step.echo) return step.return;
        return positional.has(id) ? { args, named: {} } : { args: [], named: args[0] };
      };
      tell("start");
      if (ms === undefined) return end();
      const { signal } = given.at(-1) as TaskContext;
      return clock.wait(ms, signal).then(end, (reason: unknown) => {
        tell("cancel");
        throw reason;
      });
    };
    return [id, play as TaskCallable];
  });
  const taskDataRefs: Record<string, TaskData & { inputs: DataItem[] }> = {};
  for (const { from, select, to, as } of inputs) {
    const locator =
      select === null ? {} : typeof select === "string" ? { key: select } : { index: select };
    taskDataRefs[to] ??= { inputs: [] };
    taskDataRefs[to].inputs.push({
      from: { task: from, ...locator },
      to: typeof as === "string" ? { key: as } : { index: as },
    });
  }
  const taskRetries: Record<string, number> = {};
  for (const { id, retry } of tasks) if (retry !== undefined) taskRetries[id] = retry;
  const options: SchedulerOptions = {
    clock,
    dispatch,
    taskDataRefs,
    taskRetries,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(ignoreTailTasks === undefined ? {} : { ignoreTailTasks }),
  };
  return { scheduler: new DynamicScheduler(functions, ordersOf({ tasks }), options), timeline };
}

/** The order of the tasks; dependencies are references by name. */
export function ordersOf({ tasks }: Pick<Scenario, "tasks">): TaskOrder[] {
  return tasks.map(({ id, deps }) => ({
    taskName: id,
    dependencies: deps.map((taskName) => ({ taskName })),
  }));
}
