/**
 * The errors this package makes itself. What a task throws on a worker is not among them: it arrives as it was thrown.
 * `retryable: false` is honoured by the core: the same attempt again would fail in the same way.
 */

abstract class FleetErrorBase extends Error {
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/**
 * Every worker that was given the attempt lost it: it crashed, was killed, or held its event loop for longer than its
 * lease. A retry is given to workers again.
 */
export class WorkerLostError extends FleetErrorBase {
  readonly code = "ASTRUM_WORKER_LOST";
  /** How often the attempt was started. */
  readonly deliveries: number;
  /** The worker that had it last, as `host:pid`. */
  readonly executor: string | undefined;

  constructor(message: string, options: { deliveries: number; executor: string | undefined }) {
    super(message);
    this.deliveries = options.deliveries;
    this.executor = options.executor;
  }
}

/** A value that has no encoding (`encodeValue` of the core): a function, an instance of a class, a promise. */
export class RemoteSerializationError extends FleetErrorBase {
  readonly code = "ASTRUM_REMOTE_SERIALIZATION";
  readonly retryable = false;
  readonly direction: "input" | "result";
  /** The first place that cannot cross, for example `input.items[3].onDone`. */
  readonly path: string;

  constructor(message: string, options: { direction: "input" | "result"; path: string }) {
    super(message);
    this.direction = options.direction;
    this.path = options.path;
  }
}

/** What would be sent is larger than the fleet's `maxPayloadBytes`. An input is refused before anything is sent. */
export class PayloadTooLargeError extends FleetErrorBase {
  readonly code = "ASTRUM_PAYLOAD_TOO_LARGE";
  readonly retryable = false;
  readonly direction: "input" | "result";
  readonly bytes: number;
  readonly limit: number;

  constructor(
    message: string,
    options: { direction: "input" | "result"; bytes: number; limit: number },
  ) {
    super(message);
    this.direction = options.direction;
    this.bytes = options.bytes;
    this.limit = options.limit;
  }
}

/** Another process has the run of that id under way. */
export class RunInUseError extends FleetErrorBase {
  readonly code = "ASTRUM_RUN_IN_USE";
  readonly retryable = false;
  readonly runId: string;
  /** The process that has it, as `host:pid`. */
  readonly holder: string;

  constructor(message: string, options: { runId: string; holder: string }) {
    super(message);
    this.runId = options.runId;
    this.holder = options.holder;
  }
}

/** A run of that id is known to the store, and had other inputs for that task. */
export class RunIdReusedError extends FleetErrorBase {
  readonly code = "ASTRUM_RUN_ID_REUSED";
  readonly retryable = false;
  readonly runId: string;

  constructor(message: string, options: { runId: string }) {
    super(message);
    this.runId = options.runId;
  }
}

/** The workers that are there do not have the task. */
export class UnknownTaskError extends FleetErrorBase {
  readonly code = "ASTRUM_UNKNOWN_TASK";
  /** What a worker that refused it has instead. */
  readonly known: readonly string[];

  constructor(message: string, options: { known: readonly string[] }) {
    super(message);
    this.known = options.known;
  }
}

/**
 * A worker would not run the attempt, or the fleet would not take what it gave: one speaks another version of the protocol,
 * has another signature, or cannot read what the other wrote.
 */
export class JobRefusedError extends FleetErrorBase {
  readonly code = "ASTRUM_JOB_REFUSED";
  readonly retryable = false;
  readonly reason: "protocol" | "signature" | "unreadable";

  constructor(message: string, options: { reason: "protocol" | "signature" | "unreadable" }) {
    super(message);
    this.reason = options.reason;
  }
}

/** The store could not be reached, or refused to write, for longer than `outageMs`. */
export class StoreUnavailableError extends FleetErrorBase {
  readonly code = "ASTRUM_STORE_UNAVAILABLE";
}

/** The fleet was closed or destroyed before this attempt could end. Its job may still run. */
export class FleetClosedError extends FleetErrorBase {
  readonly code = "ASTRUM_FLEET_CLOSED";
  readonly retryable = false;
}

/** The reason of a task's signal on a worker that no longer has the right to it: another one may run it now. */
export class LeaseLostError extends FleetErrorBase {
  readonly code = "ASTRUM_LEASE_LOST";
}

/** The reason of a task's signal on a worker that is shut down and has waited for `drainMs`. */
export class WorkerDrainedError extends FleetErrorBase {
  readonly code = "ASTRUM_WORKER_DRAINED";
}
