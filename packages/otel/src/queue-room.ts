/**
 * Room for the spans that a trace cannot do without. Processors that export in batches hold some 2,000 spans and drop what
 * ends while they are full, the newest first: and the span of a run ends last of all. Before such a span ends, what was
 * ended before it is handed on, when that may have been many. Knows providers; not what a span tells.
 */
import { trace } from "@opentelemetry/api";
import { handOn } from "./flush.ts";
import type { Settings } from "./settings.ts";

/** A quarter of the usual queue: the application's own spans, which are not seen here, take the rest. */
const MANY = 512;

/**
 * Exporters refuse more than 30 requests at once, and what they refuse is lost: so many may be under way, each of a few
 * requests, when this is asked for a failure, for a map or a task with a flow inside, or for a run. The last ones are kept
 * for what comes last.
 */
const UNDER_WAY = { failure: 3, whole: 5, run: 6 } as const;

/** By the provider that spans go to, because all runs of a process share its queue. */
const rooms = new WeakMap<object, QueueRoom>();

export class QueueRoom {
  readonly #provider: object;
  #ended = 0;
  #underWay = 0;

  constructor(provider: object) {
    this.#provider = provider;
  }

  /** A span ended, or something under which the application has probably ended some of its own. */
  taken(): void {
    this.#ended++;
  }

  /** Called before a span ends that must not be dropped. An SDK that cannot hand on says so itself. */
  makeFor(what: keyof typeof UNDER_WAY): void {
    if (this.#ended < MANY || this.#underWay >= UNDER_WAY[what]) return;
    this.#ended = 0;
    this.#underWay++;
    const over = (): void => {
      this.#underWay--;
    };
    handOn(this.#provider).then(over, over);
  }
}

export function roomOf({ tracerProvider }: Settings): QueueRoom {
  const provider: object = tracerProvider ?? trace.getTracerProvider();
  const room = rooms.get(provider) ?? new QueueRoom(provider);
  rooms.set(provider, room);
  return room;
}
