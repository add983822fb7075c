/** What an attempt of a task holds or spends: amounts that are written down, and those that were computed in a run. */
import type { GraphPlan } from "../define/plan.ts";
import type { Ledger } from "../machine/ledger.ts";

/** Of an item only what was computed for it; the rest is its map's. Nothing when that is nothing. */
export function unitsOf(
  { plan, ledger }: { readonly plan: GraphPlan; readonly ledger: Ledger },
  task: number,
): Readonly<Record<string, number>> | undefined {
  const computed = ledger.amounts.size === 0 ? undefined : ledger.amounts.get(task);
  const written = task < plan.graph.size ? plan.traits.of(task).resources : undefined;
  if (written === undefined) return computed && { ...computed };
  const known = Object.entries(written).filter(([, units]) => units !== "computed");
  const units = { ...(Object.fromEntries(known) as Record<string, number>), ...computed };
  return Object.keys(units).length === 0 ? undefined : units;
}
