/** What all spans of one run have in common. Opens and ends none. */
import type { Attributes, Context, Tracer } from "@opentelemetry/api";
import type { LinkTargets } from "./links.ts";
import type { MapItems } from "./map-items.ts";
import type { Nearest } from "./nearest.ts";
import type { OpenTasks } from "./open-tasks.ts";
import type { QueueRoom } from "./queue-room.ts";
import type { RunMetrics } from "./run-metrics.ts";
import type { Settings } from "./settings.ts";

/** A task that failed without a span, until it is known whether it gets one after all. */
export interface Unseen {
  /** It does, below `within`, and so do those inside of it that failed, as long as any are `left`. */
  show(within: Context, left: { spans: number }): void;
  /** It does not: the nearest span above tells its error. */
  leave(): void;
}

/** What tasks need of the one that they are inside of. */
export interface Around {
  readonly nearest: Nearest;
  /** Of its items, when it is a map. */
  readonly items: MapItems;
  /** Of what its tasks wait for. */
  readonly targets: LinkTargets;
  /** Attributes of the nearest item that it is, or is inside of. */
  readonly item: Attributes | undefined;
  /** It is an item that `items` gave no span, or inside of one: so is what is inside of it. */
  readonly hidden: boolean;
  /** It has a flow inside of it. */
  holds(): void;
  /** A task of its flow was called. */
  begins(): void;
  /** One of its flow failed, and it with that one. */
  failsInside(): void;
  keep(unseen: Unseen): void;
}

export interface RunTrace {
  readonly settings: Settings;
  readonly tracer: Tracer;
  readonly metrics: RunMetrics | undefined;
  /** The run's own span; without one there is no SDK, nothing is made current, and nothing is traced. */
  readonly nearest: Nearest;
  /** Whether the run is sampled: when it is not, its one span stands for all, so that the decision still travels. */
  readonly recording: boolean;
  readonly targets: LinkTargets;
  readonly open: OpenTasks<Around>;
  readonly room: QueueRoom;
}
