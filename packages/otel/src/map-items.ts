/**
 * The items of one map, whose spans are the many of a trace: which of them get a span, and what the map's span says of
 * all. Holds a few numbers, however many items end.
 */
import type { TaskEndEvent, TaskInfo } from "@astrum/core";
import type { Attributes } from "@opentelemetry/api";
import type { Settings } from "./settings.ts";
import type { Verdict } from "./verdict.ts";

export class MapItems {
  #count = 0;
  #failed = 0;
  #traced = 0;
  #late = 0;
  #slowest: { readonly key: string; readonly ms: number } | undefined;

  /** Whether this item has a span from its start, as far as `items` decides. */
  takes({ items }: Settings): boolean {
    const most =
      items === "all" ? Number.POSITIVE_INFINITY : typeof items === "object" ? items.max : 0;
    if (this.#traced >= most) return false;
    this.#traced++;
    return true;
  }

  /** Whether an item that had none gets a span now that it has failed. */
  takesLate({ items }: Settings): boolean {
    const most =
      items === "failed" ? Number.POSITIVE_INFINITY : typeof items === "object" ? items.max : 0;
    if (this.#late >= most) return false;
    this.#late++;
    return true;
  }

  ended({ task, durationMs }: TaskEndEvent, { failure }: Verdict): void {
    this.#count++;
    if (failure !== undefined) this.#failed++;
    if (durationMs > (this.#slowest?.ms ?? -1))
      this.#slowest = { key: nameOf(task), ms: durationMs };
  }

  /** The error of the map repeats those of its items. */
  get anyFailed(): boolean {
    return this.#failed > 0;
  }

  get attributes(): Attributes {
    const slowest = this.#slowest;
    return {
      "astrum.map.item.count": this.#count,
      "astrum.map.item.failed": this.#failed,
      "astrum.map.item.traced": this.#traced + this.#late,
      ...(slowest && {
        "astrum.map.item.slowest": slowest.key,
        "astrum.map.item.slowest_duration": slowest.ms / 1000,
      }),
    };
  }
}

function nameOf({ key, itemKey }: TaskInfo): string {
  return itemKey === undefined ? key : `${key} (${itemKey})`;
}
