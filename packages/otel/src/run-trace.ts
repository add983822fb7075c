/** What all spans of one run have in common. Opens and ends none. */
import type { SpanContext, Tracer } from "@opentelemetry/api";
import type { MapItems } from "./map-items.ts";
import type { Nearest } from "./nearest.ts";
import type { QueueRoom } from "./queue-room.ts";
import type { RunMetrics } from "./run-metrics.ts";
import type { Settings } from "./settings.ts";

/** What items need of their map. */
export interface OpenMap {
  readonly items: MapItems;
  readonly nearest: Nearest;
}

export interface RunTrace {
  readonly settings: Settings;
  readonly tracer: Tracer;
  readonly metrics: RunMetrics | undefined;
  /** The run's own span; without one there is no SDK, nothing is made current, and nothing is traced. */
  readonly nearest: Nearest;
  /** Whether the run is sampled: when it is not, its one span stands for all, so that the decision still travels. */
  readonly recording: boolean;
  /** Of tasks, for the links of those that wait for them; none for items, which nobody waits for alone. */
  readonly spans: Map<string, SpanContext>;
  /** Tasks under way that may be maps, for their items. */
  readonly open: Map<string, OpenMap>;
  readonly room: QueueRoom;
}
