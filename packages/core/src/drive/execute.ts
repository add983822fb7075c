/**
 * The driver: the only code that waits. It feeds the machine with events, obeys its commands, calls the users'
 * functions and holds their outputs. It decides nothing that the machine could decide.
 */

import { type Anchor, systemClock } from "../contract/clock.ts";
import type { Observer, RunInfo } from "../contract/observer.ts";
import type { Placement } from "../contract/runner.ts";
import { noSuchTask } from "../define/unknown-name.ts";
import { asError } from "../ground/errors.ts";
import type {
  Command,
  LogFacts,
  LogLine,
  MachineEvent,
  ReturnedEvent,
  StopCause,
} from "../machine/event.ts";
import type { Dispatch, Machine, RunSettings } from "../machine/machine.ts";
import { rounded } from "../report/durations.ts";
import { Fingerprints } from "../report/fingerprint.ts";
import { Reasons } from "../report/reasons.ts";
import type { Report } from "../report/report.ts";
import type { RunFacts } from "../report/run-record.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import { taskName, taskNamed } from "../report/task-name.ts";
import type { Earlier } from "../resume/earlier.ts";
import { type AsyncContext, captureContext } from "./async-context.ts";
import type { Call } from "./call.ts";
import { Calls, type CallsHost } from "./calls.ts";
import { DeadlineTimers } from "./deadlines.ts";
import { Delays } from "./delays.ts";
import { AttemptEnder, type EndHost } from "./end-attempt.ts";
import { FallbackCalls, type FallbackHost } from "./fall-back.ts";
import { Grants, type GrantsHost } from "./grants.ts";
import { HeldThread } from "./held-thread.ts";
import { Notifier } from "./notify.ts";
import { Opening, type OpeningHost } from "./opening.ts";
import type { RunOptions } from "./options.ts";
import type { Parameters } from "./parameters.ts";
import { Preparation, type PreparationHost } from "./prepare.ts";
import { limitNames } from "./resources.ts";
import { RunClock } from "./run-clock.ts";
import { limitOf, runHeader, runInfo } from "./run-head.ts";
import { type RunRecords, settledLedger, settledReport, tailRows } from "./settle.ts";
import { type RunSnapshot, snapshotOf } from "./snapshot.ts";
import { AttemptStarter, type StartHost } from "./start-attempt.ts";
import { journalFailure, Stored } from "./stored.ts";
import { newRunId } from "./surroundings.ts";
import { Things, type ThingsHost } from "./things.ts";
import { Values } from "./values.ts";

/** Is told what the machine is told. */
export interface Recorder {
  begin(settings: RunSettings, dispatch: Dispatch): void;
  event(event: MachineEvent): void;
  end(facts: RunFacts): void;
}

export interface ExecuteSettings {
  readonly machine: Machine;
  readonly anchor: Anchor;
  readonly options: RunOptions;
  readonly dispatch: Dispatch;
  /** Asked once, unless the run was called off before it began. A promise is waited for; its rejection is the run's. */
  readonly parameters: () => Parameters | Promise<Parameters>;
  readonly observers: readonly Observer[];
  /** What an earlier run left. */
  readonly earlier?: Earlier | undefined;
  /** Told of every event that the machine is given: what `replay` needs. */
  readonly recorder?: Recorder | undefined;
  /** Told when there will be no report. */
  readonly refused?: ((error: unknown) => void) | undefined;
}

export interface Execution {
  readonly report: Promise<Report>;
  cancel(reason?: unknown): void;
  cancelTask(name: string, reason?: unknown): void;
  /** How it stands. Throws what the report is rejected with. */
  snapshot(): RunSnapshot;
}

/**
 * Runs a plan. The report's promise rejects only when that of the parameters does. Starts what is ready before it
 * returns, unless parameters are waited for.
 */
export function execute(settings: ExecuteSettings): Execution {
  return new Driver(settings);
}

class Driver
  implements
    CallsHost,
    EndHost,
    Execution,
    FallbackHost,
    GrantsHost,
    OpeningHost,
    PreparationHost,
    StartHost,
    ThingsHost
{
  readonly runId: string;
  readonly report: Promise<Report>;
  readonly machine: Machine;
  readonly values: Values;
  readonly stored: Stored;
  readonly reasons: Reasons;
  readonly random: () => number;
  readonly held: HeldThread | undefined;
  /** There once the run has begun. */
  notifier: Notifier | undefined;
  readonly #settings: ExecuteSettings;
  readonly #clock: RunClock;
  readonly #context: AsyncContext;
  readonly #fingerprints: Fingerprints;
  readonly #delays: Delays;
  readonly #grants: Grants;
  /** Only made when something lives. */
  #things: Things | undefined;
  readonly #opening: Opening;
  readonly #preparation: Preparation;
  readonly #calls: Calls;
  readonly #fallbacks: FallbackCalls;
  readonly #deadlines: DeadlineTimers = new DeadlineTimers(this);
  readonly #starter: AttemptStarter;
  #resolve: (report: Report) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #resolveTail: (rows: readonly TaskStatistics[]) => void = () => {};

  /** What waits for its turn; what had it is let go, for it may hold outputs. */
  readonly #events: (MachineEvent | undefined)[] = [];
  /** What the machine waits for before anything else happens. */
  readonly #answers: MachineEvent[] = [];
  #answering = false;
  #busy = false;
  #info: RunInfo | undefined;
  #run: (() => SerializedReport["run"]) | undefined;
  /** When the plan was there, and what it is given. */
  #plannedAt = 0;
  #settledAt: number | undefined;
  /** Why there is no report. */
  #refusal: { readonly error: unknown } | undefined;

  constructor(settings: ExecuteSettings) {
    const { machine, options, anchor, earlier } = settings;
    this.#settings = settings;
    this.machine = machine;
    this.#clock = new RunClock(anchor, (error) => {
      if (machine.state !== undefined) return;
      this.send({ type: "stop", at: this.now(), cause: { kind: "clock", error } });
    });
    this.#context = captureContext();
    this.reasons = new Reasons(machine.ledger, (task) => this.nameOf(task));
    this.#fingerprints = new Fingerprints(machine.plan.graph);
    this.#delays = new Delays(this);
    this.random = options.random ?? Math.random;
    this.runId = options.runId ?? newRunId();
    this.values = new Values(machine, this.reasons, options.keep);
    this.stored = new Stored({
      runId: this.runId,
      epochMs: anchor.epochMs,
      // The wall clock's time, as the run's own clock has it.
      wallNow: () => anchor.epochMs + this.now(),
      machine,
      values: this.values,
      fingerprints: this.#fingerprints,
      journal: options.journal,
      earlier,
    });
    this.#preparation = new Preparation(this, options.graceMs);
    this.#grants = new Grants(this, options, anchor);
    this.#calls = new Calls(this, options.graceMs);
    this.#fallbacks = new FallbackCalls(this, this.#context, options.graceMs);
    const onTime = anchor.clock === systemClock && options.runner === undefined;
    this.held = onTime ? new HeldThread(() => this.#calls.all) : undefined;
    const ender = new AttemptEnder(this, this.#calls);
    this.#starter = new AttemptStarter(this, ender, this.#context, options.runner);
    this.report = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#opening = new Opening(this, options);
    try {
      this.#plannedAt = this.now();
      this.#opening.open(settings.parameters);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The same for every event and every attempt. */
  get runInfo(): RunInfo {
    const { options, earlier } = this.#settings;
    this.#info ??= runInfo(this.runId, this.machine.plan, options, earlier?.runId);
    return this.#info;
  }

  /** The same in the first event and in the report. */
  get #header(): () => SerializedReport["run"] {
    const { machine, options, dispatch, anchor, earlier } = this.#settings;
    const { graph } = machine.plan;
    this.#run ??= runHeader(this.runId, graph, options, dispatch, anchor.epochMs, earlier?.runId);
    return this.#run;
  }

  begin(parameters: Parameters, waited: boolean): void {
    const { anchor, observers } = this.#settings;
    if (waited) this.#plannedAt = this.now();
    this.values.params = parameters;
    if (observers.length > 0) {
      const { plan, ledger } = this.machine;
      const { reasons } = this;
      this.notifier = new Notifier(observers, {
        plan,
        ledger,
        reasons,
        fingerprints: this.#fingerprints,
        resources: this.#limits,
        outputs: this.values.all,
        info: this.runInfo,
        header: {
          run: this.#header(),
          clock: { epochMs: anchor.epochMs, driftMs: null },
          planningDurationMs: rounded(this.#plannedAt),
        },
      });
    }
    try {
      this.stored.begin(parameters);
    } catch (error) {
      this.send({ type: "stop", at: this.now(), cause: journalFailure(error) });
    }
    this.send({ type: "begin", at: this.now(), ...this.stored.restore() });
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
    return snapshotOf(this.machine, this.#calls.all, { runId: this.runId, now, elapsed });
  }

  // ---- events and commands -----------------------------------------------------------------------------------------

  /** One event at a time: what a command causes at once waits until all commands before it are obeyed. */
  send(event: MachineEvent): void {
    if (this.#refusal !== undefined) return;
    if (this.#busy) {
      this.#events.push(event);
      return;
    }
    this.#busy = true;
    try {
      this.#step(event);
      for (let at = 0; at < this.#events.length && this.#refusal === undefined; at++) {
        const next = this.#events[at] as MachineEvent;
        this.#events[at] = undefined;
        this.#step(next);
      }
    } catch (error) {
      // Nothing that a caller hands in gets here. Whoever waits must hear of what does.
      this.fail(error);
    } finally {
      // Setting a length costs a call of the runtime, also when it is 0 already.
      if (this.#events.length > 0) this.#events.length = 0;
      this.#busy = false;
    }
  }

  #step(given: MachineEvent): void {
    // The thread was held beyond the limit, or its timer is late: what happens from then on comes after it.
    if (this.#opening.isLate(given.at)) this.#step(this.#opening.timeUp(given.at) as MachineEvent);
    const event = given.type === "returned" ? this.#kept(given) : given;
    if (event.type === "fellBack") this.stored.fellBack(event);
    this.#settings.recorder?.event(event);
    if (event.type === "prepared" && event.restored !== undefined)
      this.values.restoreItems(event.restored);
    for (const command of this.machine.handle(event)) this.#obey(command, event.at);
    if (!this.#answering) this.#answer();
    if (event.type === "stop") this.#opening.stopped();
    if (!("task" in event)) return;
    if (this.values.holds) this.values.forget(event.task);
    this.#deadlines.look(event.task);
  }

  /** The answers to commands, and to those that they lead to: one by one, for there may be thousands in a turn. */
  #answer(): void {
    this.#answering = true;
    try {
      for (let at = 0; at < this.#answers.length; at++)
        this.#step(this.#answers[at] as MachineEvent);
    } finally {
      this.#answers.length = 0;
      this.#answering = false;
    }
  }

  /** What a thing gave and does not count, because its task was called off or it was not stored, is let go. */
  #kept(given: ReturnedEvent): MachineEvent {
    const event = this.stored.kept(given);
    if (given.heard === false || !this.things.live(given.task)) return event;
    const counts = event === given && this.machine.mayComplete(given.task);
    if (!counts) this.things.unheard(given.task, given.value);
    return event;
  }

  note(event: MachineEvent): void {
    if (this.#refusal !== undefined) return;
    this.#settings.recorder?.event(event);
    this.machine.handle(event);
  }

  #obey(command: Command, at: number): void {
    switch (command.type) {
      case "start":
        this.#start(command.task, command.attempt, at);
        break;
      case "prepare":
        this.#preparation.prepare(command.task);
        break;
      case "muster":
        this.send({ type: "mustered", at: this.now() });
        break;
      case "unprepare":
        this.#preparation.unprepare(command.task);
        break;
      case "abort":
        this.#calls.abort(command.task, command.cause, at);
        break;
      case "delay":
        this.#delays.delay(command.task, command.ms);
        break;
      case "undelay":
        this.#delays.undelay(command.task);
        break;
      case "dispose":
        this.things.dispose(command.task);
        break;
      case "watch":
        this.things.watch(command.task);
        break;
      case "hasten":
        this.things.hasten();
        break;
      case "released":
        this.notifier?.released(command.task, at);
        break;
      case "gone":
        this.notifier?.gone(command.task, at);
        break;
      case "gather":
        this.#answers.push(this.stored.gathered(command.task, command.first, command.count, at));
        break;
      case "fallback":
        this.#answers.push(this.#fallbacks.ask(command.task));
        break;
      case "press":
        if (command.cause === undefined) this.#fallbacks.press(command.task);
        else this.#calls.press(command.task, command.cause, at);
        break;
      case "collect":
        this.values.collect(command.task);
        break;
      case "release":
        this.values.release(command.task);
        break;
      case "acquire":
        this.#grants.acquire(command.claim, command.units);
        break;
      case "arrange":
        this.#grants.arrange(command.claims);
        break;
      case "withdraw":
        this.#grants.end(command.claim, true);
        break;
      case "yield":
        this.#grants.end(command.claim, command.unused === true);
        break;
      case "status":
        this.notifier?.status(command.task, command.from, command.to, command.cause, at);
        break;
      case "ended":
        this.notifier?.attemptEnds(command.attempt, at);
        break;
      case "spawned":
        this.notifier?.spawned(command.first, command.count, at);
        break;
      case "settle":
        this.#settle();
        break;
      case "close":
        this.held?.close();
        this.#grants.close();
        this.#resolveTail(
          this.machine.detached.size === 0 ? [] : tailRows(this.#records, this.#limits),
        );
        break;
    }
  }

  get things(): Things {
    this.#things ??= new Things(this, this.#context, this.#settings.options.graceMs);
    return this.#things;
  }

  now(): number {
    return this.#clock.now();
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

  #start(task: number, id: number, commandedAt: number): void {
    const at = this.#clock.instant;
    if (at !== commandedAt) this.note({ type: "started", task, at });
    if (this.machine.ledger.firstAttempt[task] === id) {
      this.stored.called(task);
      this.#deadlines.start(task);
    }
    this.#starter.start(this.#calls.open(task, id, at), at);
  }

  /** What attempts have said of which the machine knows no end: tail tasks that go on, or whose end has not had its turn. */
  *#said(): Iterable<{ readonly task: number; readonly log: LogFacts | undefined }> {
    for (const { task, logSoFar: log } of this.#calls.all) yield { task, log };
    for (const event of this.#events) {
      if (event !== undefined && "facts" in event)
        yield { task: event.task, log: event.facts?.log };
    }
  }

  // ---- what its parts ask of it ------------------------------------------------------------------------------------

  nameOf(task: number): string {
    const { plan, ledger } = this.machine;
    return taskName(plan.graph, ledger, task);
  }

  runTimeUp(limitMs: number, at: number): StopCause {
    return this.#calls.runTimeUp(limitMs, at);
  }

  progress(call: Call, fraction: number, message: string | undefined): void {
    this.notifier?.progress(call, fraction, message, this.now());
  }

  spent(call: Call, resource: string, amount: number): void {
    this.#grants.spent(call, this.machine.claimOf(call.task), resource, amount);
  }

  pause(task: number, resource: string, ms: number): boolean {
    return this.#grants.pause(this.machine.claimOf(task), resource, ms);
  }

  logged(call: Call, line: LogLine): void {
    this.notifier?.logged(call, line);
  }

  remainingMs(call: Call): number {
    return this.#calls.remainingMs(call);
  }

  /** Finally tasks, and those that a stop spares, have limits of their own only. */
  runEndsAt(task: number): number {
    const { plan, ledger } = this.machine;
    const planned = ledger.plannedOf(task);
    const own = plan.graph.finallyTasks.has(planned) || plan.traits.of(planned).uninterruptible;
    return own ? Number.POSITIVE_INFINITY : this.#opening.endsAt;
  }

  placement(call: Call): Placement {
    return this.#starter.placement(call);
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  #settle(): void {
    const { machine, anchor, options, dispatch, recorder } = this.#settings;
    const { state } = machine;
    const settledAt = this.now();
    this.#settledAt = settledAt;
    this.#deadlines.sweep();
    this.#opening.close();
    for (const { task, log } of this.#said()) {
      if (log !== undefined) this.note({ type: "logged", task, at: settledAt, log });
    }
    const tail = new Promise<readonly TaskStatistics[]>((resolve) => {
      this.#resolveTail = resolve;
    });
    const ledger = settledLedger(machine);
    const { resume, origins, carried } = this.stored.facts;
    const facts: RunFacts = {
      header: this.#header,
      clock: { epochMs: anchor.epochMs, driftMs: this.#clock.driftMs(settledAt) },
      resources: this.#limits,
      concurrency: limitOf(options),
      staged: dispatch === "stages",
      plannedAt: this.#plannedAt,
      settledAt,
      planIssues: [],
      // The list itself: faults at the very last event, and rejections after it, belong to it.
      observerErrors: this.notifier?.faults ?? [],
      resume,
      origins,
      carried,
    };
    const report = settledReport(this.#records, facts, ledger, tail);
    this.notifier?.end(state as NonNullable<typeof state>, ledger, settledAt, report.footer);
    recorder?.end(facts);
    this.#resolve(report);
  }

  /** From here on nothing is heard; what runs is asked to stop, and holds nothing that other runs could have. */
  fail(error: unknown): void {
    this.#refusal ??= { error };
    this.#settings.refused?.(error);
    this.#opening.close();
    this.held?.close();
    this.#calls.forsake(asError(error, "The run failed with"), this.now());
    this.#grants.forsake();
    this.#reject(error);
  }

  get #records(): RunRecords {
    const { machine, values, reasons } = this;
    return { machine, values, reasons, fingerprints: this.#fingerprints };
  }

  get #limits(): string[] {
    return limitNames(this.#settings.options.resources);
  }
}
