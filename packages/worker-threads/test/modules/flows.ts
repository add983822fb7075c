/** Functions that return flows, as they may where the run is. */
import { type Flow, flow, task } from "@astrum/core";

export function returnsFlow(): Flow<{ one: number }> {
  return flow("inner", { one: task("one", () => 1) });
}

/** All of this can be cloned, and would arrive as its bare fields. */
export function returnsEmptyFlow(): Flow<object> {
  return flow("empty", {});
}

export function returnsFlowInside(): { readonly next: readonly Flow<{ one: number }>[] } {
  return { next: [returnsFlow()] };
}
