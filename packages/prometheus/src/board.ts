/**
 * What all observers of one registry have in common: the runs under way, from which the gauges are set when they are
 * read, and the label values and series that are there. It hangs on a gauge, so that a second observer, or a second copy
 * of this package, finds it; it is forgotten with the metric.
 */
import type { TakenPairs } from "astrum-series";
import type { ClientGauge } from "./client.ts";

export const STATES = ["waiting", "ready", "running", "delayed"] as const;
export type State = (typeof STATES)[number];

/** One run under way. What its gauges show goes with it when it ends, so nothing can be left over. */
export interface LiveRun {
  readonly flow: string;
  readonly tasks: Record<State, number>;
}

export interface Board {
  readonly live: Set<LiveRun>;
  /** Flows with series: they stay, with 0, when nothing of them runs. */
  readonly flows: Set<string>;
  /** Values that the labels have, for their limit. */
  readonly taken: TakenPairs;
  /** Series that stand at 0 or above, and how each got there; zeroing a histogram again would lose what it holds. */
  readonly zeroed: Map<string, () => void>;
}

const BOARD: unique symbol = Symbol.for("astrum.prometheus.board.v2") as never;

/** The board of the registry that these gauges are in. */
export function boardOf(
  runsActive: ClientGauge,
  tasksActive: ClientGauge & { [BOARD]?: Board },
): Board {
  const existing = tasksActive[BOARD];
  if (existing !== undefined) return existing;
  const board: Board = {
    live: new Set(),
    flows: new Set(),
    taken: { tasksOf: new Map(), beyond: 0 },
    zeroed: new Map(),
  };
  tasksActive[BOARD] = board;
  // A registry that is reset empties its metrics one after the other: the series are there again once it is through.
  const { reset } = tasksActive;
  tasksActive.reset = () => {
    reset.call(tasksActive);
    queueMicrotask(() => {
      for (const zero of board.zeroed.values()) zero();
    });
  };
  collectFirst(runsActive, () => {
    const counts = new Map<string, number>();
    for (const { flow } of board.live) counts.set(flow, (counts.get(flow) ?? 0) + 1);
    for (const flow of board.flows) runsActive.set({ flow }, counts.get(flow) ?? 0);
  });
  collectFirst(tasksActive, () => {
    for (const state of STATES) {
      const counts = new Map<string, number>();
      for (const { flow, tasks } of board.live) {
        counts.set(flow, (counts.get(flow) ?? 0) + tasks[state]);
      }
      for (const flow of board.flows) tasksActive.set({ flow, state }, counts.get(flow) ?? 0);
    }
  });
  return board;
}

function collectFirst(gauge: ClientGauge, collect: () => void): void {
  const before = gauge.collect;
  gauge.collect = () => {
    collect();
    return before?.call(gauge);
  };
}
