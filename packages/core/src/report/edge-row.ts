/** What a task depends on, as its row says it: which task, by which kind of edge, what of it goes where. */
import type { Slot } from "../define/definition.ts";
import { EDGE_KINDS } from "../define/graph.ts";
import { definitionIn, taskName } from "../machine/task-name.ts";
import type { AttemptFacts } from "./attempt-row.ts";
import { selectedKey } from "./fingerprint.ts";
import { rootsIn } from "./outcome.ts";
import type { TaskStatistics } from "./statistics.ts";

type EdgeKind = (typeof EDGE_KINDS)[number];

/** All edges of a task, in the order of its inputs. */
export function edgeRows(
  { plan, ledger }: AttemptFacts,
  task: number,
): TaskStatistics["dependencies"] {
  const { graph } = plan;
  const { start, end, kind } = (ledger.grown ?? graph).dependencies;
  const { slots } = definitionIn(graph, ledger, task);
  let edge = start[task] as number;
  const last = start[task + 1] as number;
  const rows: TaskStatistics["dependencies"] = new Array(last - edge);
  let at = 0;
  for (const slot of slots) {
    if (slot.task === undefined) continue;
    const name = taskName(graph, ledger, end[edge] as number);
    rows[at++] = edgeRow(name, EDGE_KINDS[kind[edge++] as number] as EdgeKind, slot);
  }
  // What a flow gives has no slot.
  const roots = edge < last ? (rootsIn(ledger, task) ?? []) : [];
  for (const { key, task: root } of roots) {
    rows[at++] = { task: taskName(graph, ledger, root), kind: "value", to: key };
  }
  return rows;
}

/** Each form as one literal: a field that is added later lies outside of the object. */
function edgeRow(task: string, kind: EdgeKind, slot: Slot): TaskStatistics["dependencies"][number] {
  if (slot.kind === "after") return { task, kind };
  const from = selectedKey(slot);
  return from === undefined ? { task, kind, to: slot.to } : { task, kind, from, to: slot.to };
}
