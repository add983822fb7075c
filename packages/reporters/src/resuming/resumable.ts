/**
 * Runs of a flow that are taken up where the last one was cut off, from an event log that they are written to: the whole
 * pattern in two lines. Knows which run is taken up, and who is told; what of it is restored is for the core.
 */
import type { Journal, Observer, RunOptions } from "@astrum/core";
import { checkOptions, type Rules } from "astrum-options";
import { type Encryption, encryptionRule } from "../reading/sealed.ts";
import type { Redaction } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { eventLog } from "../writing/live-log.ts";
import { lastRun } from "./last-run.ts";
import { flowName, logFile } from "./log-file.ts";
import { LogLock } from "./log-lock.ts";

export interface ResumableOptions {
  /** Applied to every line before it is written. An output in which anything is found is not stored. */
  readonly redact?: Redaction | undefined;
  /** Makes every output unreadable before it is written, and readable when it is taken up. */
  readonly encryption?: Encryption | undefined;
}

const RULES: Rules<ResumableOptions> = { redact: redactRule, encryption: encryptionRule };

/** A log that runs of a flow are written to and taken up from. */
export interface Resumable extends AsyncDisposable {
  /**
   * The options of a run, with what it takes up and who is told: observers and a journal that are given are told as well.
   * To be asked for anew for every run, and for one run at a time: a run of options that were asked for before another run
   * of this log began fails before anything is called, since it would call again what that one has stored.
   *
   * @throws TypeError when `resumeFrom` is given: the log says what is taken up.
   * @throws Error when a run of these options is still going on, or the log was closed.
   * @throws ReportFormatError when something has damaged the log.
   */
  options(options?: RunOptions): RunOptions;
  /** Lets go of the log. To be called when its run has settled; a second time is harmless. */
  close(): Promise<void>;
}

/**
 * Opens the event log of a flow, and creates it when it is missing. A run with its `options()` takes up the last run of
 * that flow in the log, unless that completed, and is itself written to it. So a program can be killed at any moment and
 * started again, and calls nothing again that it had stored.
 *
 * Nothing is handed out that was made from something else: a log that is missing, empty or torn, a run that completed and
 * parameters that changed are all a fresh start, as far as they reach. Runs of other flows in the log are left alone.
 *
 * The log is this program's until it is closed; a process that was killed has closed it.
 *
 * `flow`: a flow, or whatever has the name of one.
 *
 * @throws LogInUseError when another process has taken up the log.
 * @throws Error when it cannot be opened, and in a runtime without files.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 * import { resumable } from "@astrum/reporters";
 *
 * const rows = task("rows", async () => [1, 2, 3]);
 * const nightly = flow("nightly", { rows });
 *
 * await using saved = await resumable("nightly.ndjson", nightly);
 * const done = await nightly.run(saved.options({ timeoutMs: 60_000 }));
 * console.log(done.resume.restored); // [] at the first start
 * ```
 */
export async function resumable(
  path: string | URL,
  flow: { readonly name: string },
  options: ResumableOptions = {},
): Promise<Resumable> {
  checkOptions("resumable", options, RULES);
  const file = logFile("resumable", path);
  const name = flowName("resumable", flow);
  const lock = LogLock.take(file);
  try {
    return new FlowLog(file, name, lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class FlowLog implements Resumable {
  readonly #file: URL;
  readonly #flow: string;
  readonly #lock: LogLock;
  readonly #encryption: Encryption | undefined;
  readonly #log: ReturnType<typeof eventLog>;
  #running = 0;
  /** Runs of its options that have begun. */
  #begun = 0;
  #closed = false;

  constructor(file: URL, flow: string, lock: LogLock, options: ResumableOptions) {
    this.#file = file;
    this.#flow = flow;
    this.#lock = lock;
    this.#encryption = options.encryption;
    this.#log = eventLog(file, options);
  }

  options(given: RunOptions = {}): RunOptions {
    if (this.#closed) {
      throw new Error(`The log of flow "${this.#flow}" is closed: ask resumable() for it anew.`);
    }
    if (this.#running > 0) {
      throw new Error(
        `A run of flow "${this.#flow}" is going on in this log: wait until it has settled, or use a log of its own.`,
      );
    }
    const { resumeFrom, observers, journal, ...rest } = given;
    if (resumeFrom !== undefined) {
      throw new TypeError(
        "options(): Leave out `resumeFrom`: the log says what is taken up. To choose another run, use readEventLog().",
      );
    }
    const { takenUp } = lastRun(this.#file, this.#flow, this.#encryption);
    const own = this.#forOneRun();
    return {
      ...rest,
      ...(takenUp !== undefined && { resumeFrom: takenUp }),
      journal: both(own.journal, journal),
      observers: withOwn(observers, ...own.observers),
    };
  }

  /** Tells the log of one run, and notes that it goes on. Of a run that takes up what is not the last, nothing is written. */
  #forOneRun(): { readonly journal: Journal; readonly observers: readonly Observer[] } {
    const { observer, journal } = this.#log;
    const before = this.#begun;
    /** The run that has begun and not told its journal. */
    let begun: string | undefined;
    // Of its own, before that of the log: which learns of no end on a disk that is full, for it fails at the start.
    const counter: Observer = {
      name: "resumable",
      run: ({ run }) => {
        if (this.#begun !== before) return undefined;
        begun = run.runId;
        this.#begun++;
        this.#running++;
        return {
          end: () => {
            this.#running--;
          },
        };
      },
    };
    const told: Observer = {
      name: observer.name,
      run: (event) => (event.run.runId === begun ? observer.run?.(event) : undefined),
    };
    const kept: Journal = (entry) => {
      if (entry.type === "started") {
        if (entry.runId !== begun) throw new Error(this.#late);
        begun = undefined;
      }
      return journal(entry);
    };
    return { journal: kept, observers: [counter, told] };
  }

  get #late(): string {
    return `Another run of flow "${this.#flow}" has begun in this log since options() was asked: ask anew for every run.`;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#log.close();
    } finally {
      this.#lock.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What is no list, or no journal, is left to the check of the run. */
function withOwn(given: RunOptions["observers"], ...own: Observer[]): RunOptions["observers"] {
  if (given === undefined) return own;
  return Array.isArray(given) ? [...given, ...own] : given;
}

function both(own: Journal, given: Journal | undefined): Journal {
  if (typeof given !== "function") return given ?? own;
  return (entry) => {
    own(entry);
    return given(entry);
  };
}
