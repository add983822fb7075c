/** A run that is under way, as its caller holds it: the same for both doors. Knows no door. */
import { EventStream, type StreamedEvent, UNREAD_EVENTS } from "../contract/event-stream.ts";
import type { Execution } from "../drive/execution.ts";
import type { RunSnapshot } from "../drive/snapshot.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { ExecutionReport } from "../report/execution-report.ts";

/** A run that is under way. It can be taken apart: `const { report, cancel } = flow.start()`. */
export interface FlowRun<out O> {
  /** As that of `run()` or `execute()`. */
  readonly report: Promise<ExecutionReport<O>>;
  /** Aborts the run: it settles as `cancelled`. */
  readonly cancel: (reason?: unknown) => void;
  /** Calls off one task, or one item: it counts as failed for its dependents, and the run goes on. */
  readonly cancelTask: (name: string, reason?: unknown) => void;
  /**
   * How the run stands: its counts, and what runs with its progress. Plain values, for a status page. Throws why there
   * is no run.
   */
  readonly snapshot: () => RunSnapshot;
  /**
   * What observers are told, as it happens, up to `run.end`. In the turn in which the run is started: all of it; later: from
   * then on; after the end: `run.end`. Nobody waits for a reader: of what it has not read the newest `unread` events are
   * kept, 10,000 by default, and in the place of those before them it reads `events.lost` with their count. Of what was told
   * before it asked there are 10,000 at most. Leaving the loop ends the reading; any number may read. Throws why there is no
   * run.
   *
   * `statistics()` of a status event tells of the time at which it is called.
   */
  readonly events: (options?: EventsOptions) => AsyncGenerator<StreamedEvent, void, undefined>;
}
export interface EventsOptions {
  /** An integer from 1 up. */
  readonly unread?: number | undefined;
}

/**
 * `begin` throws why there is no run, `failed` makes the report of that, or rejects; `known` throws for a name that such a
 * run would not know.
 */
export function flowRun<O>(
  begin: (stream: EventStream) => {
    readonly report: Promise<ExecutionReport<O>>;
    readonly execution: Execution;
  },
  failed: (error: unknown) => Promise<ExecutionReport<O>>,
  known: (name: string) => void,
): FlowRun<O> {
  const stream = new EventStream();
  const events = (options?: EventsOptions): AsyncGenerator<StreamedEvent, void, undefined> => {
    const issues = new Issues();
    const given = issues.record([], options, ["unread"]);
    issues.integer(["unread"], given?.unread, 1);
    issues.throwAs(DefinitionError);
    return stream.read(options?.unread ?? UNREAD_EVENTS);
  };
  try {
    const { report, execution } = begin(stream);
    return {
      report,
      cancel: (reason) => execution.cancel(reason),
      cancelTask: (name, reason) => execution.cancelTask(name, reason),
      snapshot: () => execution.snapshot(),
      events,
    };
  } catch (error) {
    stream.fail(error);
    return {
      report: failed(error),
      cancel: () => {},
      cancelTask: known,
      snapshot: () => {
        throw error;
      },
      events,
    };
  }
}
