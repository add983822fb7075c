/**
 * The driver: the only code that waits. It feeds the machine with events, obeys its commands, calls the users'
 * functions and holds their outputs. It decides nothing that the machine could decide.
 */

import { systemClock } from "../contract/clock.ts";
import type { RunInfo } from "../contract/observer.ts";
import type { Placement } from "../contract/runner.ts";
import type { JournalEntry } from "../define/journal-entry.ts";
import { noSuchTask } from "../define/unknown-name.ts";
import { asError } from "../ground/errors.ts";
import { type LogLine, type MachineEvent, restoredNext } from "../machine/event.ts";
import type { Machine } from "../machine/machine.ts";
import type { StopCause } from "../machine/reason.ts";
import { taskName, taskNamed } from "../machine/task-name.ts";
import { rounded } from "../report/durations.ts";
import { Fingerprints } from "../report/fingerprint.ts";
import { Reasons } from "../report/reasons.ts";
import type { Report } from "../report/report.ts";
import { type AsyncContext, captureContext } from "./async-context.ts";
import { Cached, type CacheHost } from "./cached.ts";
import type { Call } from "./call.ts";
import { Calls, type CallsHost } from "./calls.ts";
import { DeadlineTimers } from "./deadlines.ts";
import { Delays } from "./delays.ts";
import { AttemptEnder, type EndHost } from "./end-attempt.ts";
import { EventQueue, type QueueHost } from "./event-queue.ts";
import type { ExecuteSettings, Execution } from "./execution.ts";
import { FallbackCalls, type FallbackHost } from "./fall-back.ts";
import { Gatherer } from "./gather.ts";
import type { Grants, GrantsHost } from "./grants.ts";
import { HeldThread } from "./held-thread.ts";
import { Faults } from "./hooks.ts";
import { type LoopHost, Loops } from "./loops.ts";
import { noRate } from "./no-rate.ts";
import { Notifier } from "./notify.ts";
import { obey, type Parts } from "./obey.ts";
import { Opening, type OpeningHost } from "./opening.ts";
import type { RunOptions } from "./options.ts";
import type { Parameters } from "./parameters.ts";
import { Preparation, type PreparationHost } from "./prepare.ts";
import { processorTime } from "./processor-time.ts";
import { grantsOf, limitNames } from "./resources.ts";
import { Results, type ResultsHost } from "./results.ts";
import { RunClock } from "./run-clock.ts";
import { RunHead } from "./run-head.ts";
import { Ending, settledFacts, settledLedger, unendedLogs } from "./settle.ts";
import { type RunSnapshot, snapshotOf } from "./snapshot.ts";
import { isSpared } from "./spared.ts";
import { AttemptStarter, type StartHost } from "./start-attempt.ts";
import { journalFailure, Stored, type StoredHost } from "./stored.ts";
import { newRunId } from "./surroundings.ts";
import { Things, type ThingsHost } from "./things.ts";
import { Values } from "./values.ts";

/**
 * Runs a plan. The report's promise rejects only when that of the parameters does. Starts what is ready before it
 * returns, unless parameters are waited for.
 */
export function execute(settings: ExecuteSettings): Execution {
  return new Driver(settings);
}

class Driver
  implements
    CacheHost,
    CallsHost,
    EndHost,
    Execution,
    FallbackHost,
    GrantsHost,
    LoopHost,
    OpeningHost,
    Parts,
    PreparationHost,
    QueueHost,
    ResultsHost,
    StartHost,
    StoredHost,
    ThingsHost
{
  readonly runId: string;
  readonly machine: Machine;
  readonly values: Values;
  readonly stored: Stored;
  readonly reasons: Reasons;
  readonly random: () => number;
  readonly held: HeldThread | undefined;
  /** There once the run has begun. */
  notifier: Notifier | undefined;
  readonly faults: Faults = new Faults();
  readonly cache: Cached | undefined;
  readonly queue: EventQueue;
  readonly delays: Delays;
  /** There when the run shares something. */
  readonly grants: Grants | undefined;
  readonly preparation: Preparation;
  readonly calls: Calls;
  readonly fallbacks: FallbackCalls;
  readonly gatherer: Gatherer;
  readonly loops: Loops;
  readonly #settings: ExecuteSettings;
  readonly #clock: RunClock;
  readonly #context: AsyncContext;
  readonly #head: RunHead;
  readonly #fingerprints: Fingerprints;
  /** Only made when something lives. */
  #things: Things | undefined;
  readonly #opening: Opening;
  readonly #deadlines: DeadlineTimers = new DeadlineTimers(this);
  readonly #starter: AttemptStarter;
  readonly #results: Results;
  readonly #ending: Ending;
  /** When the plan was there, and what it is given. */
  #plannedAt = 0;
  readonly #cpuMs: () => number | undefined;
  #settledAt: number | undefined;
  /** Why there is no report. */
  #refusal: { readonly error: unknown } | undefined;

  constructor(settings: ExecuteSettings) {
    const { machine, options, anchor } = settings;
    this.#settings = settings;
    this.machine = machine;
    this.queue = new EventQueue(this);
    this.#clock = new RunClock(anchor, (error) => {
      if (machine.state !== undefined) return;
      this.send({ type: "stop", at: this.now(), cause: { kind: "clock", error } });
    });
    this.#cpuMs = processorTime(anchor.clock);
    this.#context = captureContext();
    this.reasons = new Reasons(machine.ledger, (task) => this.nameOf(task));
    this.#fingerprints = new Fingerprints(machine.plan.graph, machine.ledger);
    this.delays = new Delays(this);
    this.random = options.random ?? Math.random;
    this.runId = options.runId ?? newRunId();
    this.#head = new RunHead(this.runId, settings);
    this.values = new Values(machine, this.reasons, options.keep);
    const { reasons, values } = this;
    const fingerprints = this.#fingerprints;
    this.#ending = new Ending({ machine, values, reasons, fingerprints }, options.resources);
    this.stored = new Stored(this, settings, fingerprints);
    this.cache = options.cache && new Cached(options.cache, this);
    this.preparation = new Preparation(this, options);
    this.grants = grantsOf(this, options, anchor);
    this.calls = new Calls(this, options.graceMs);
    this.fallbacks = new FallbackCalls(this, this.#context, options.graceMs);
    const onTime = anchor.clock === systemClock && options.runner === undefined;
    this.held = onTime ? new HeldThread(() => this.calls.all) : undefined;
    this.#results = new Results(this, options, settings.dispatch);
    this.gatherer = new Gatherer(this);
    this.loops = new Loops(this, this.#context, options.graceMs);
    const ender = new AttemptEnder(this, this.calls);
    this.#starter = new AttemptStarter(this, ender, this.#context, options.runner);
    this.#opening = new Opening(this, options);
    try {
      this.#plannedAt = this.now();
      this.#opening.open(settings.parameters);
    } catch (error) {
      this.fail(error);
    }
  }

  get report(): Promise<Report> {
    return this.#ending.report;
  }

  get runInfo(): RunInfo {
    return this.#head.info;
  }

  begin(parameters: Parameters, waited: boolean): void {
    const { anchor, observers, options } = this.#settings;
    if (waited) this.#plannedAt = this.now();
    this.values.params = parameters;
    if (observers.length > 0) {
      const { plan, ledger } = this.machine;
      const { reasons } = this;
      this.notifier = new Notifier(
        observers,
        {
          plan,
          ledger,
          reasons,
          fingerprints: this.#fingerprints,
          resources: limitNames(options.resources),
          outputs: this.values.all,
          info: this.#head.info,
          header: {
            run: this.#head.header(),
            clock: { epochMs: anchor.epochMs, driftMs: null },
            planningDurationMs: rounded(this.#plannedAt),
          },
        },
        this.faults,
      );
    }
    const go = (): void => this.answer({ type: "begin", at: this.now(), ...this.stored.restore() });
    let storing: Promise<void> | undefined;
    try {
      storing = this.stored.begin(parameters);
    } catch (error) {
      this.send({ type: "stop", at: this.now(), cause: journalFailure(error) });
    }
    // Rejected, it has stopped the run.
    if (storing === undefined) go();
    else void storing.then(go, go);
  }

  // ---- what the caller may do --------------------------------------------------------------------------------------

  cancel(reason?: unknown): void {
    const cause = { kind: "aborted", reason } as const;
    this.#context.run(() => this.send({ type: "stop", at: this.now(), cause }));
  }

  cancelTask(name: string, reason?: unknown): void {
    const { plan, ledger } = this.machine;
    const task = taskNamed(plan.graph, ledger, name);
    if (task === undefined) throw noSuchTask(plan.graph, name, "run");
    this.#context.run(() => this.send({ type: "cancel", task, at: this.now(), reason }));
  }

  snapshot(): RunSnapshot {
    if (this.#refusal !== undefined) throw this.#refusal.error;
    const now = this.now();
    const elapsed = this.#settledAt ?? now;
    return snapshotOf(this.machine, this.calls.all, { runId: this.runId, now, elapsed });
  }

  // ---- events and commands -----------------------------------------------------------------------------------------

  send(event: MachineEvent): void {
    this.queue.send(event);
  }

  handle(given: MachineEvent): void {
    // The thread was held beyond the limit, or its timer is late: what happens from then on comes after it.
    if (this.#opening.isLate(given.at)) this.handle(this.#opening.timeUp(given.at) as MachineEvent);
    const event = this.#results.take(given);
    this.#settings.recorder?.event(event);
    this.values.restoreNext(restoredNext(event));
    for (const command of this.machine.handle(event)) obey(this, command, event.at);
    this.queue.takeAnswers();
    if (event.type === "stop") this.#opening.stopped();
    if (!("task" in event)) return;
    if (this.values.holds) this.values.forget(event.task);
    this.#deadlines.look(event.task);
  }

  note(event: MachineEvent): void {
    if (this.queue.isClosed) return;
    this.#settings.recorder?.event(event);
    this.machine.handle(event);
  }

  get things(): Things {
    this.#things ??= new Things(this, this.#context, this.#settings.options.graceMs);
    return this.#things;
  }

  now(): number {
    return this.#clock.now();
  }

  /** The wall clock's time, as the run's own clock has it. */
  wallNow(): number {
    return this.#settings.anchor.epochMs + this.now();
  }

  /** Timers fire in whatever context the clock has. */
  after(ms: number, fire: () => void): () => void {
    return this.#clock.after(ms, () => this.#context.run(fire));
  }

  get capacity(): RunOptions {
    return this.#settings.options;
  }

  answer(event: MachineEvent): void {
    this.#context.run(() => this.send(event));
  }

  start(task: number, id: number, commandedAt: number): void {
    const at = this.#clock.instant;
    if (at !== commandedAt) this.note({ type: "started", task, at });
    if (this.machine.ledger.firstAttempt[task] === id) {
      this.stored.called(task);
      this.#deadlines.start(task);
    }
    this.#starter.start(this.calls.open(task, id, at), at);
  }

  // ---- what its parts ask of it ------------------------------------------------------------------------------------

  nameOf(task: number): string {
    const { plan, ledger } = this.machine;
    return taskName(plan.graph, ledger, task);
  }

  runTimeUp(limitMs: number, at: number): StopCause {
    return this.calls.runTimeUp(limitMs, at);
  }

  progress(call: Call, fraction: number, message: string | undefined): void {
    this.notifier?.progress(call, fraction, message, this.now());
  }

  spent(call: Call, resource: string, amount: number): void {
    if (this.grants === undefined) throw noRate(resource, []);
    this.grants.spent(call, this.machine.claimOf(call.task), resource, amount);
  }

  pause(task: number, resource: string, ms: number): boolean {
    return this.grants?.pause(this.machine.claimOf(task), resource, ms) ?? false;
  }

  logged(call: Call, line: LogLine): void {
    this.notifier?.logged(call, line);
  }

  journalEntry({ task }: Call, value: unknown): JournalEntry {
    return this.stored.entryOf(task, value);
  }

  remainingMs(call: Call): number {
    return this.calls.remainingMs(call);
  }

  /** Finally tasks, and those that a stop spares, have limits of their own only. */
  runEndsAt(task: number): number {
    return isSpared(this.machine, task) ? Number.POSITIVE_INFINITY : this.#opening.endsAt;
  }

  placement(call: Call): Placement {
    return this.#starter.placement(call);
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  settle(): void {
    const { machine, recorder } = this.#settings;
    const { state } = machine;
    const settledAt = this.now();
    this.#settledAt = settledAt;
    this.#deadlines.sweep();
    this.#opening.close();
    for (const { task, log } of unendedLogs(this.calls.all, this.queue.waiting())) {
      if (log !== undefined) this.note({ type: "logged", task, at: settledAt, log });
    }
    const ledger = settledLedger(machine);
    const facts = settledFacts(this.#settings, {
      header: this.#head.header,
      driftMs: this.#clock.driftMs(settledAt),
      plannedAt: this.#plannedAt,
      settledAt,
      cpuMs: this.#cpuMs(),
      observerErrors: this.faults.list,
      stored: this.stored.facts,
    });
    const report = this.#ending.settled(facts, ledger);
    this.notifier?.end(state as NonNullable<typeof state>, ledger, settledAt, report.footer);
    recorder?.end(facts);
    const cached = this.cache?.settled();
    if (cached === undefined) this.#ending.resolve(report);
    else void cached.then(() => this.#ending.resolve(report));
  }

  close(): void {
    this.held?.close();
    this.cache?.close();
    this.grants?.close();
    this.#ending.close();
  }

  /** From here on nothing is heard; what runs is asked to stop, and holds nothing that other runs could have. */
  fail(error: unknown): void {
    this.#refusal ??= { error };
    this.queue.close();
    this.#settings.refused?.(error);
    this.#opening.close();
    this.held?.close();
    this.cache?.close();
    this.calls.forsake(asError(error, "The run failed with"), this.now());
    this.grants?.forsake();
    this.#ending.reject(error);
  }
}
