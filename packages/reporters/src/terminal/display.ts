/** What every way to show progress does: it is told each event, after the state of its run has taken it in. */
import type { RunEvent } from "@astrum/core";
import type { RunState } from "./run-state.ts";

export interface Display {
  told(state: RunState, event: RunEvent): void;
}
