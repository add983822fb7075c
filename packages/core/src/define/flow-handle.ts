/** What a `Flow` is inside, for whoever puts one inside of a task: a name and a checked graph. Knows no run. */
import { brandOf, otherCopy } from "../ground/brand.ts";
import type { Graph } from "./graph.ts";

export abstract class FlowHandle {
  abstract readonly name: string;
  abstract readonly graph: Graph;
}

/** Why something that looks like a flow is none of this copy of the package. */
export function foreignFlow(value: unknown): string | undefined {
  if (value instanceof FlowHandle || brandOf(value)?.kind !== "flow") return undefined;
  return otherCopy(value, "flow");
}
