/**
 * The errors this package makes itself. What a task throws in a thread is not among them: it arrives as it was thrown.
 * `retryable: false` is honoured by the core: the same attempt again would fail in the same way.
 */

/**
 * The thread that carried out the attempt ended before the function did: it called `process.exit`, an error was caught
 * nowhere, or the thread could not be started at all. Only this attempt is lost; the next one gets a fresh thread.
 */
export class WorkerCrashedError extends Error {
  readonly code: string = "ASTRUM_WORKER_CRASHED";
  /** What the thread exited with; `undefined` when it could not even be created. */
  readonly exitCode: number | undefined;
  /** Whether the task's function had begun. */
  readonly started: boolean;

  constructor(
    message: string,
    options: { exitCode: number | undefined; started: boolean; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode;
    this.started = options.started;
  }

  override get name(): string {
    return "WorkerCrashedError";
  }
}

/** The thread went over the pool's `resourceLimits`. They bound the heap; buffers live outside it and do not count. */
export class WorkerOutOfMemoryError extends WorkerCrashedError {
  override readonly code = "ASTRUM_WORKER_OUT_OF_MEMORY";

  override get name(): string {
    return "WorkerOutOfMemoryError";
  }
}

/** A value that the structured clone cannot carry from one thread to another. */
export class WorkerSerializationError extends Error {
  readonly code = "ASTRUM_WORKER_SERIALIZATION";
  readonly retryable = false;
  /** On the way in, on the way back, or thrown. */
  readonly direction: "input" | "result" | "error";
  /** The first place that cannot cross, for example `input.items[3].onDone`. */
  readonly path: string;

  constructor(
    message: string,
    options: { direction: "input" | "result" | "error"; path: string; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.direction = options.direction;
    this.path = options.path;
  }

  override get name(): string {
    return "WorkerSerializationError";
  }
}

/** A module that a thread cannot use: the task's own, or one of the pool's `preload` or `activators`. */
export class WorkerModuleError extends Error {
  readonly code = "ASTRUM_WORKER_MODULE";
  readonly retryable = false;
  readonly url: string;
  readonly reason:
    | "not-found"
    | "import-failed"
    | "no-export"
    | "no-typescript"
    | "not-an-activator";
  /** The functions the module does export, for `no-export`. */
  readonly exports: readonly string[];

  constructor(
    message: string,
    options: {
      url: string;
      reason: WorkerModuleError["reason"];
      exports: readonly string[];
      cause?: unknown;
    },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.url = options.url;
    this.reason = options.reason;
    this.exports = options.exports;
  }

  override get name(): string {
    return "WorkerModuleError";
  }
}

/** `timeoutMs` of `pool.task` passed. The function was asked to stop and, after the grace period, stopped. */
export class WorkerTimeoutError extends Error {
  readonly code = "ASTRUM_WORKER_TIMEOUT";
  readonly timeoutMs: number;

  constructor(message: string, options: { timeoutMs: number }) {
    super(message);
    this.timeoutMs = options.timeoutMs;
  }

  override get name(): string {
    return "WorkerTimeoutError";
  }
}

/** The pool was closed or destroyed before this attempt could end. */
export class WorkerPoolClosedError extends Error {
  readonly code = "ASTRUM_WORKER_POOL_CLOSED";
  readonly retryable = false;

  override get name(): string {
    return "WorkerPoolClosedError";
  }
}
