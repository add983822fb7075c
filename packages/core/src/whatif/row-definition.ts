/**
 * The row of a task as a definition that can be planned and run again: what it held, how it was limited, what it did with
 * failures. Calls nothing; what it took is the script's to say.
 */
import type { Definition } from "../define/definition.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import type { ScriptedTask } from "./script.ts";

export function definitionOf(
  row: TaskStatistics,
  seen: {
    readonly name: string;
    readonly items: readonly TaskStatistics[] | undefined;
    readonly scripted: ScriptedTask | undefined;
    /** What is inside of it was planned with the rest, or came up flow by flow. */
    readonly holds: "loop" | "subflow" | undefined;
  },
): Definition {
  const { name, items, scripted, holds } = seen;
  const { concurrency, priority, resources } = row;
  // A tail does not say that it is a map.
  const kind =
    row.kind === "map" || items !== undefined || concurrency !== undefined ? "map" : "task";
  const inItems = items?.find((item) => item.resources !== undefined)?.resources;
  // Amounts that were computed: those that each item has of its own, and parts of a unit. The script says them.
  const computed = Object.keys(resources ?? {}).filter(
    (one) => !Number.isInteger(resources?.[one]),
  );
  const options = {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(priority === undefined ? {} : { priority }),
    ...(resources === undefined && inItems === undefined
      ? {}
      : { resources: { ...resources, ...asked([...computed, ...Object.keys(inItems ?? {})]) } }),
    // What failed what it is inside of was tolerated further out.
    ...(row.tolerated && !scripted?.fatal ? { onFailure: "ignore" as const } : {}),
    ...fallbackOf(row, items, scripted),
  };
  const asks = scripted?.answer !== undefined || (scripted?.prepareMs ?? 0) > 0;
  return {
    name,
    kind,
    slots: [],
    call: "nothing",
    run: () => {},
    options: Object.keys(options).length === 0 ? undefined : (options as Definition["options"]),
    prepares: kind === "map" || holds === "loop" || asks || computed.length > 0,
    needs: resources !== undefined || inItems !== undefined,
    ...(holds === undefined ? {} : { role: holds }),
  };
}

function asked(resources: readonly string[]): Record<string, () => number> {
  return Object.fromEntries(resources.map((name) => [name, () => 0]));
}

/** How a map completed though items of it failed. */
function fallbackOf(
  row: TaskStatistics,
  items: readonly TaskStatistics[] = [],
  scripted: ScriptedTask | undefined,
): { fallback?: () => void; items?: "settled" } {
  if (scripted?.fallback !== undefined || items.some(({ fallback }) => fallback)) {
    return { fallback: () => {} };
  }
  const failed = items.some(({ status }) => status !== "completed" && status !== "restored");
  return failed && row.status === "completed" ? { items: "settled" } : {};
}
