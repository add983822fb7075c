/**
 * The driver: the only code that waits. It feeds the machine with events, obeys its commands, calls the users'
 * functions and holds their outputs. It decides nothing that the machine could decide.
 */

import { type Clock, systemClock } from "../contract/clock.ts";
import type { AttemptInfo, Observer, RunInfo } from "../contract/observer.ts";
import type { Runner, RunnerAttempt } from "../contract/runner.ts";
import type { Definition } from "../define/task.ts";
import { Issues } from "../ground/check.ts";
import { encodeValue } from "../ground/encode.ts";
import {
  DefinitionError,
  describe,
  InputError,
  isError,
  JournalError,
  messageOf,
  TimeoutError,
} from "../ground/errors.ts";
import { type Machine, type RunSettings, reasonOf } from "../machine/attempts.ts";
import type { AbortCause, Command, MachineEvent, ReturnedEvent } from "../machine/event.ts";
import { DETACHED } from "../machine/ledger.ts";
import { Fingerprints } from "../report/fingerprint.ts";
import { Reasons } from "../report/reasons.ts";
import { Report, type RunFacts } from "../report/report.ts";
import { type TaskStatistics, taskName } from "../report/statistics.ts";
import { taskRow } from "../report/task-row.ts";
import type { Journal } from "../resume/journal.ts";
import type { Restored } from "../resume/restore.ts";
import { type AsyncContext, captureContext } from "./async-context.ts";
import { Attempt, type AttemptHost } from "./call.ts";
import { Conclusion, type ConclusionHost } from "./end-attempt.ts";
import { type Prepared, prepare } from "./inputs.ts";
import { Observation, taskInfo } from "./notify.ts";
import type { RunOptions } from "./options.ts";
import { Semaphore } from "./semaphore.ts";
import { holdProcess, newRunId, onAbort, runHeader } from "./surroundings.ts";
import { Outputs } from "./values.ts";

/** A call that holds the thread longer than this is told in the report. */
const BLOCKED_MS = 50;
const nativeThen = Promise.prototype.then;

/** The moment that every instant of a run counts from. */
export interface Anchor {
  readonly clock: Clock;
  readonly now: number;
  readonly epochMs: number;
}

/** Throws `DefinitionError` when the clock gives no numbers: every instant of the report is a difference from these. */
export function anchor(clock: Clock = systemClock): Anchor {
  const [now, epochMs] = [clock.now(), clock.wallNow()];
  const issues = new Issues();
  issues.finite(["clock", "now()"], now);
  issues.finite(["clock", "wallNow()"], epochMs);
  if (issues.list.length > 0) throw new DefinitionError(issues.list);
  return { clock, now, epochMs };
}

/** Is told what the machine is told. */
export interface Recorder {
  begin(settings: RunSettings, dispatch: Dispatch): void;
  event(event: MachineEvent): void;
  end(facts: RunFacts): void;
}

/** When a task starts: with its own dependencies, or with its stage. */
export type Dispatch = "dependencies" | "stages";

export interface ExecuteSettings {
  readonly machine: Machine;
  readonly anchor: Anchor;
  readonly plannedAt: number;
  readonly options: RunOptions;
  readonly dispatch: Dispatch;
  readonly params: ReadonlyMap<string, unknown>;
  readonly observers: readonly Observer[];
  /** Outputs of tasks that an earlier run completed. */
  readonly restored?: Restored | undefined;
  /** Told of every event that the machine is given: what `replay` needs. */
  readonly recorder?: Recorder | undefined;
}

export interface Execution {
  readonly report: Promise<Report>;
  cancel(reason?: unknown): void;
  cancelTask(name: string, reason?: unknown): void;
}

/** Runs a plan. The report's promise never rejects. Starts what is ready before it returns. */
export function execute(settings: ExecuteSettings): Execution {
  return new Driver(settings);
}

class Driver implements AttemptHost, ConclusionHost, Execution {
  readonly runId: string;
  readonly report: Promise<Report>;
  readonly machine: Machine;
  readonly random: () => number;
  readonly #settings: ExecuteSettings;
  readonly #conclusion: Conclusion = new Conclusion(this);
  readonly #clock: Clock;
  readonly #origin: number;
  readonly #definitions: readonly Definition[];
  readonly #size: number;
  readonly #context: AsyncContext;
  readonly #reasons: Reasons;
  readonly #fingerprints: Fingerprints;
  readonly #semaphore: Semaphore | undefined;
  readonly #runner: Runner | undefined;
  readonly #observation: Observation | undefined;
  readonly #journal: Journal | undefined;
  #resolve: (report: Report) => void = () => {};
  #resolveTail: (rows: readonly TaskStatistics[]) => void = () => {};

  readonly outputs: Outputs;
  /** The running attempts, by slot. */
  readonly #running: (Attempt | undefined)[] = [];
  readonly #delays: Map<number, () => void> = new Map();
  /** Calls off what waits for a permit; and all that must not outlive the run. */
  #withdraw: (() => void) | undefined;
  readonly #releases: (() => void)[] = [];

  readonly #events: MachineEvent[] = [];
  #busy = false;
  /** The last instant that was read from the clock. */
  #instant = 0;

  constructor(settings: ExecuteSettings) {
    const { machine, options, anchor } = settings;
    this.#settings = settings;
    this.machine = machine;
    this.#clock = anchor.clock;
    this.#origin = anchor.now;
    const { graph } = machine.plan;
    this.#definitions = graph.definitions;
    this.#size = graph.size;
    this.#context = captureContext();
    this.#reasons = new Reasons(machine.ledger, (task) => this.nameOf(task));
    this.#fingerprints = new Fingerprints(graph);
    this.#semaphore = options.concurrency instanceof Semaphore ? options.concurrency : undefined;
    this.#runner = options.runner;
    this.#journal = options.journal;
    this.random = options.random ?? Math.random;
    this.runId = options.runId ?? newRunId();
    this.outputs = new Outputs(machine, this.#reasons, settings.params);
    if (settings.observers.length > 0) this.#observation = this.#observe(settings.observers);
    this.report = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#begin();
  }

  #observe(observers: readonly Observer[]): Observation {
    const { anchor, machine } = this.#settings;
    const { plan, ledger } = machine;
    const { epochMs } = anchor;
    return new Observation(observers, {
      plan,
      ledger,
      reasons: this.#reasons,
      info: this.#info(),
      epochMs,
    });
  }

  #info(): RunInfo {
    const { plan } = this.machine;
    return Object.freeze({
      runId: this.runId,
      flow: plan.graph.name,
      taskCount: plan.totalTasks,
      stageCount: plan.totalStages,
      maxParallelism: plan.maxParallelism,
      concurrency: this.#limit,
      attributes: Object.freeze({ ...this.#settings.options.attributes }),
    });
  }

  get #limit(): number | undefined {
    const { concurrency } = this.#settings.options;
    return concurrency instanceof Semaphore ? concurrency.limit : concurrency;
  }

  #begin(): void {
    const { options, restored } = this.#settings;
    const { signal, timeoutMs } = options;
    if (signal !== undefined) {
      if (signal.aborted) {
        this.send({
          type: "stop",
          at: this.now(),
          cause: { kind: "aborted", reason: signal.reason },
        });
      } else {
        this.#releases.push(onAbort(signal, () => this.cancel(signal.reason)));
      }
    }
    for (const [task, output] of restored?.outputs ?? []) {
      this.outputs.set(task, output);
      // So that this run's journal alone is enough to take it up again.
      this.#recordOrStop(task, output);
    }
    const at = this.now();
    this.send(
      restored === undefined
        ? { type: "begin", at }
        : { type: "begin", at, restored: restored.outputs },
    );
    if (this.machine.state !== undefined) return;
    if (timeoutMs !== undefined) {
      const left = timeoutMs - this.now();
      const expire = (): void => {
        this.send({
          type: "stop",
          at: this.now(),
          cause: { kind: "timeout", limitMs: timeoutMs },
        });
      };
      this.#releases.push(this.#after(Math.max(0, left), expire));
    }
    this.#releases.push(holdProcess());
  }

  // ---- what the caller may do --------------------------------------------------------------------------------------

  cancel(reason?: unknown): void {
    const cause = { kind: "aborted", reason } as const;
    this.#context.run(() => this.send({ type: "stop", at: this.now(), cause }));
  }

  cancelTask(name: string, reason?: unknown): void {
    const { plan, ledger } = this.machine;
    let task = plan.graph.index.get(name) ?? -1;
    for (let item = this.#size; task === -1 && item < ledger.tasks; item++) {
      if (this.nameOf(item) === name) task = item;
    }
    if (task === -1) throw new RangeError(`There is no task "${name}" in this run`);
    this.#context.run(() => this.send({ type: "cancel", task, at: this.now(), reason }));
  }

  // ---- events and commands -----------------------------------------------------------------------------------------

  /** One event at a time: what a command causes at once waits until all commands before it are obeyed. */
  send(event: MachineEvent): void {
    if (this.#busy) {
      this.#events.push(event);
      return;
    }
    this.#busy = true;
    this.#step(event);
    if (this.#events.length > 0) {
      for (let at = 0; at < this.#events.length; at++) {
        const next = this.#events[at] as MachineEvent;
        const more = next.type === "prepared" && this.#events[at + 1]?.type === "prepared";
        this.#step(more ? { ...next, more } : next);
      }
      this.#events.length = 0;
    }
    this.#busy = false;
  }

  #step(given: MachineEvent): void {
    const event = given.type === "returned" ? this.#kept(given) : given;
    this.#settings.recorder?.event(event);
    if (event.at > this.#instant) this.#instant = event.at;
    if (event.type === "prepared" && event.restored !== undefined)
      this.outputs.restoreItems(event.restored);
    for (const command of this.machine.handle(event)) this.#obey(command, event.at);
    if (this.outputs.holds && "task" in event) this.outputs.forget(event.task);
  }

  #obey(command: Command, at: number): void {
    switch (command.type) {
      case "start":
        this.#start(command.task, command.attempt, at);
        break;
      case "prepare":
        this.#prepare(command.task);
        break;
      case "abort":
        this.#abort(command.task, command.cause, at);
        break;
      case "delay": {
        const { task, ms } = command;
        const elapsed = (): void => {
          this.#delays.delete(task);
          this.send({ type: "elapsed", task, at: this.now() });
        };
        this.#delays.set(task, this.#after(ms, elapsed));
        break;
      }
      case "undelay":
        this.#delays.get(command.task)?.();
        this.#delays.delete(command.task);
        break;
      case "gather":
        this.#gather(command.task, command.first, command.count);
        break;
      case "release":
        this.outputs.release(command.task);
        break;
      case "acquire":
        this.#withdraw = this.#semaphore?.acquire(() => {
          this.#withdraw = undefined;
          this.#context.run(() => this.send({ type: "permit", at: this.now() }));
        });
        break;
      case "yield":
        this.#semaphore?.release();
        break;
      case "status":
        this.#observation?.status(command.task, command.from, command.to, command.cause, at);
        break;
      case "ended":
        this.#observation?.attemptEnds(command.attempt, at);
        break;
      case "spawned":
        this.#observation?.spawned(command.first, command.count, at);
        break;
      case "settle":
        this.#settle();
        break;
      case "close":
        this.#withdraw?.();
        this.#resolveTail(this.#tailRows());
        break;
    }
  }

  now(): number {
    const at = this.#clock.now() - this.#origin;
    if (at > this.#instant) this.#instant = at;
    return this.#instant; // A clock of the caller's own may go back; a run does not.
  }

  /** Timers fire in whatever context the clock has. */
  #after(ms: number, fire: () => void): () => void {
    return this.#clock.after(ms, () => this.#context.run(fire));
  }

  // ---- before a task queues ----------------------------------------------------------------------------------------

  #prepare(task: number): void {
    const definition = this.#definitions[task] as Definition;
    const fail = (error: unknown): void => {
      const wrapped = isError(error)
        ? error
        : new InputError(definition.name, `Task "${definition.name}" could not be prepared`, {
            cause: error,
          });
      this.send({ type: "prepared", task, at: this.now(), error: wrapped });
    };
    if (!definition.prepares) {
      this.send({ type: "prepared", task, at: this.now() });
      return;
    }
    try {
      const prepared = prepare(definition, task, this.outputs);
      if (prepared instanceof Promise) {
        prepared.then((ready) => this.#decide(task, definition, ready)).catch(fail);
      } else {
        this.#decide(task, definition, prepared);
      }
    } catch (error) {
      fail(error);
    }
  }

  /** Asks the condition. Throws what it throws. */
  #decide(task: number, { name, options, kind }: Definition, prepared: Prepared): void {
    const verdict = options?.when === undefined || options.when(prepared.inputs as never);
    const at = this.now();
    if (verdict !== true) {
      const skip = verdict === false ? "its condition was not met" : verdict?.skip;
      if (typeof skip !== "string") {
        Promise.resolve(verdict).catch(() => {}); // A promise is no answer, and its rejection nobody's.
        throw new InputError(
          name,
          `The condition of task "${name}" must return true, false or { skip: "why" }, got ${describe(verdict)}`,
        );
      }
      this.send({ type: "prepared", task, at, skip });
      return;
    }
    this.outputs.hold(task, prepared);
    if (kind === "task") {
      this.send({ type: "prepared", task, at });
      return;
    }
    const items = (prepared.list as readonly unknown[]).length;
    const known = this.#settings.restored?.items.get(task) ?? [];
    const restored = new Map([...known].filter(([index]) => index < items));
    this.send({ type: "prepared", task, at, items, restored });
  }

  // ---- an attempt --------------------------------------------------------------------------------------------------

  #start(task: number, id: number, commandedAt: number): void {
    const { ledger } = this.machine;
    const at = this.#instant;
    if (at !== commandedAt) {
      const event = { type: "started", task, at } as const;
      this.#settings.recorder?.event(event);
      this.machine.handle(event);
    }
    const number = ledger.firstAttempt[task] === id ? 1 : ledger.attemptCount(task);
    const attempt = new Attempt(this, task, id, number);
    this.#running[ledger.slot[id] as number] = attempt;
    const timeoutMs = this.machine.definitionOf(task).options?.timeoutMs;
    if (timeoutMs !== undefined) {
      attempt.disarm = this.#after(timeoutMs, () => {
        this.send({ type: "expired", task, at: this.now(), limitMs: timeoutMs });
      });
    }
    this.#observation?.attemptStarts(attempt, at);
    let result: unknown;
    let thrown = false;
    try {
      result = this.#context.present
        ? this.#context.run(() => this.#observed(attempt))
        : this.#observed(attempt);
    } catch (error) {
      thrown = true;
      result = error;
    }
    const after = this.now();
    this.#instant = after;
    if (after - at > BLOCKED_MS) attempt.blockedMs = after - at;
    if (thrown) this.#conclusion.threw(attempt, result);
    else this.#follow(attempt, result);
  }

  /** Calls the function, within what observers put around it. Throws what it throws. */
  #observed(attempt: Attempt): unknown {
    if (this.#observation === undefined) return this.#call(attempt);
    let result: unknown;
    let thrown: { readonly error: unknown } | undefined;
    this.#observation.around(attempt, () => {
      try {
        result = this.#call(attempt);
      } catch (error) {
        thrown = { error };
      }
    });
    // The compiler does not see that the callback was called.
    const failure = thrown as { readonly error: unknown } | undefined;
    if (failure !== undefined) throw failure.error;
    return result;
  }

  /** Waits for what the function returned, whatever that is. */
  #follow(attempt: Attempt, result: unknown): void {
    try {
      const promise = promised(result);
      if (promise !== undefined) {
        // A promise may carry a `then` of its own; the runtime's cannot call back twice.
        nativeThen.call(
          promise,
          (value) => this.#conclusion.returned(attempt, value),
          (error: unknown) => this.#conclusion.threw(attempt, error),
        );
        return;
      }
    } catch (error) {
      this.#conclusion.threw(attempt, error);
      return;
    }
    this.#conclusion.returned(attempt, result);
  }

  #call(attempt: Attempt): unknown {
    const { task } = attempt;
    const definition = this.machine.definitionOf(task);
    if (this.#runner !== undefined) return this.#runner(this.#runnerAttempt(attempt, definition));
    return this.outputs.call(definition, task, attempt);
  }

  #runnerAttempt(attempt: Attempt, definition: Definition): RunnerAttempt {
    const { task } = attempt;
    const observation = this.#observation;
    return {
      info: observation?.info(attempt) ?? this.#attemptInfo(attempt),
      carrier: () => observation?.carrier(attempt) ?? {},
      run: definition.run as (...args: unknown[]) => unknown,
      args: this.outputs.argumentsOf(definition, task),
      context: attempt,
      signal: attempt.signal,
      setExecutor: (executor) => {
        if (!attempt.over)
          this.send({ type: "placed", task, at: this.now(), executor: String(executor) });
      },
      progress: attempt.progress,
    };
  }

  #attemptInfo({ task, attempt }: Attempt): AttemptInfo {
    const { plan, ledger } = this.machine;
    return Object.freeze({
      task: taskInfo(plan, ledger, this.#info(), task),
      number: attempt,
      executor: "main",
    });
  }

  /** Nothing more is heard of it. */
  end(attempt: Attempt): void {
    attempt.over = true;
    attempt.disarm?.();
    this.#running[this.machine.ledger.slot[attempt.id] as number] = undefined;
  }

  // ---- asking to stop ----------------------------------------------------------------------------------------------

  #abort(task: number, cause: AbortCause, at: number): void {
    const { ledger } = this.machine;
    const attempt = this.#running[ledger.slot[ledger.lastAttempt[task] as number] as number];
    if (attempt === undefined) return;
    attempt.disarm?.();
    const error =
      cause.kind === "expired"
        ? new TimeoutError(
            `Task "${this.nameOf(task)}" took longer than ${cause.limitMs} ms`,
            cause.limitMs,
            "attempt",
          )
        : this.#reasons.errorOf(reasonOf(cause), task);
    const { graceMs } = this.#settings.options;
    if (graceMs !== undefined) {
      attempt.disarm = this.#after(graceMs, () => {
        if (attempt.over) return;
        this.end(attempt);
        const now = this.now();
        this.send({ type: "abandon", task, at: now, error, overrunMs: now - attempt.askedAt });
      });
    }
    attempt.ask(error, at);
  }

  // ---- outputs -----------------------------------------------------------------------------------------------------

  #gather(map: number, first: number, count: number): void {
    this.#recordOrStop(map, this.outputs.gather(map, first, count));
  }

  #recordOrStop(task: number, output: unknown): void {
    try {
      this.#record(task, output);
    } catch (error) {
      this.send({ type: "stop", at: this.now(), cause: { kind: "journal", error } });
    }
  }

  /** Keeps the output of a task that completes. It does not complete when the journal fails. */
  #kept(event: ReturnedEvent): MachineEvent {
    const { task, at, value, facts } = event;
    if (!this.machine.mayComplete(task)) return event;
    try {
      this.#record(task, value);
    } catch (error) {
      const failure = new JournalError(
        `The journal failed at task "${this.nameOf(task)}": ${messageOf(error)}`,
        { cause: error },
      );
      return {
        type: "threw",
        task,
        at,
        error: failure,
        facts,
        stops: { kind: "journal", error },
      };
    }
    this.outputs.set(task, value);
    return event;
  }

  /** Tells the journal; throws what it throws. */
  #record(task: number, output: unknown): void {
    if (this.#journal === undefined) return;
    const spawn = this.machine.ledger.spawnOf(task);
    const index = spawn && task - spawn.first;
    const entry = {
      type: "completed",
      at: this.#settings.anchor.epochMs + this.now(),
      runId: this.runId,
      task: this.nameOf(task),
      fingerprint: this.#fingerprints.of(spawn?.map ?? task, index),
      output: encodeValue(output),
    };
    this.#journal(
      spawn === undefined ? entry : { ...entry, parent: this.nameOf(spawn.map), index },
    );
  }

  nameOf(task: number): string {
    const { plan, ledger } = this.machine;
    return taskName(plan.graph, ledger, task);
  }

  progress(attempt: Attempt, fraction: number, message: string | undefined): void {
    if (this.#observation === undefined || !Number.isFinite(fraction)) return;
    const between = Math.min(1, Math.max(0, fraction));
    const said = message === undefined ? undefined : String(message);
    this.#observation.progress(attempt, between, said, this.now());
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  #settle(): void {
    for (const release of this.#releases) release();
    const { machine, options, anchor, dispatch, plannedAt, restored } = this.#settings;
    const { plan, detached, state } = machine;
    const settledAt = this.now();
    const wall = this.#clock.wallNow();
    const ledger = detached.size === 0 ? machine.ledger : machine.ledger.copy();
    for (const tail of detached) ledger.status[tail] = DETACHED;
    const tail = new Promise<readonly TaskStatistics[]>((resolve) => {
      this.#resolveTail = resolve;
    });
    this.#observation?.end(state as NonNullable<typeof state>, ledger, settledAt);
    const facts: RunFacts = {
      run: runHeader(this.runId, plan.graph, options, dispatch, anchor.epochMs),
      clock: { epochMs: anchor.epochMs, driftMs: drift(wall - anchor.epochMs - settledAt) },
      resources: Object.keys(options.resources ?? {}),
      concurrency: this.#limit,
      staged: dispatch === "stages",
      plannedAt,
      settledAt,
      planIssues: [],
      observerErrors: [...(this.#observation?.faults ?? [])],
      resume: restored?.summary,
    };
    this.#settings.recorder?.end(facts);
    const held = {
      plan,
      ledger,
      tail,
      reasons: this.#reasons,
      fingerprints: this.#fingerprints,
      // Detached tail tasks go on, and may be the last readers of what the report holds.
      outputs: detached.size === 0 ? this.outputs.values : this.outputs.values.slice(),
      released: detached.size === 0 ? this.outputs.released : new Set(this.outputs.released),
    };
    this.#resolve(new Report({ ...facts, ...held, state: state as NonNullable<typeof state> }));
  }

  #tailRows(): readonly TaskStatistics[] {
    const { plan, ledger, detached } = this.machine;
    const facts = {
      plan,
      ledger,
      reasons: this.#reasons,
      fingerprints: this.#fingerprints,
      resources: Object.keys(this.#settings.options.resources ?? {}),
      outputs: this.outputs.values,
    };
    return Array.from(detached, (task) => taskRow(facts, task));
  }
}

/** The promise behind a returned value, if any. Throws what a hostile one throws when it is looked at. */
function promised(result: unknown): Promise<unknown> | undefined {
  if (result instanceof Promise) return result;
  if ((typeof result !== "object" || result === null) && typeof result !== "function") return;
  const then: unknown = (result as { then?: unknown }).then;
  if (typeof then !== "function") return undefined;
  return new Promise((resolve, reject) => then.call(result, resolve, reject));
}

/** The wall clock counts whole milliseconds: a difference of one is none. */
function drift(ms: number): number {
  return Math.abs(ms) < 2 ? 0 : Math.round(ms);
}
