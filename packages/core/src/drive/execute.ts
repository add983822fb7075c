/**
 * The driver: the only code that waits. It feeds the machine with events, obeys its commands, calls the users'
 * functions and holds their outputs. It decides nothing that the machine could decide.
 */

import type { Anchor, Clock } from "../contract/clock.ts";
import type { Observer, RunInfo } from "../contract/observer.ts";
import { JournalError, messageOf, TimeoutError } from "../ground/errors.ts";
import { type Machine, type RunSettings, reasonOf } from "../machine/attempts.ts";
import type { AbortCause, Command, MachineEvent, ReturnedEvent } from "../machine/event.ts";
import { Fingerprints } from "../report/fingerprint.ts";
import { Reasons } from "../report/reasons.ts";
import type { Report, RunFacts } from "../report/report.ts";
import { type TaskStatistics, taskName } from "../report/statistics.ts";
import type { Restored } from "../resume/restore.ts";
import { type AsyncContext, captureContext } from "./async-context.ts";
import { Call, type CallHost } from "./call.ts";
import { AttemptEnder, type EndHost } from "./end-attempt.ts";
import { Notifier } from "./notify.ts";
import type { RunOptions } from "./options.ts";
import { Preparation, type PreparationHost } from "./prepare.ts";
import { Semaphore } from "./semaphore.ts";
import { driftMs, type RunRecords, reportOf, settledLedger, tailRows } from "./settle.ts";
import { AttemptStarter, type StartHost } from "./start-attempt.ts";
import { holdProcess, newRunId, onAbort, runHeader } from "./surroundings.ts";
import { Values } from "./values.ts";
import { JournalWriter } from "./write-journal.ts";

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

class Driver implements CallHost, EndHost, Execution, PreparationHost, StartHost {
  readonly runId: string;
  readonly report: Promise<Report>;
  readonly machine: Machine;
  readonly values: Values;
  readonly notifier: Notifier | undefined;
  readonly random: () => number;
  readonly #settings: ExecuteSettings;
  readonly #clock: Clock;
  readonly #origin: number;
  readonly #context: AsyncContext;
  readonly #reasons: Reasons;
  readonly #fingerprints: Fingerprints;
  readonly #semaphore: Semaphore | undefined;
  readonly #journal: JournalWriter | undefined;
  readonly #preparation: Preparation;
  readonly #starter: AttemptStarter;
  #resolve: (report: Report) => void = () => {};
  #resolveTail: (rows: readonly TaskStatistics[]) => void = () => {};

  /** The running attempts, by slot. */
  readonly #running: (Call | undefined)[] = [];
  readonly #delays: Map<number, () => void> = new Map();
  /** Calls off what waits for a permit; and all that must not outlive the run. */
  #withdraw: (() => void) | undefined;
  readonly #releases: (() => void)[] = [];

  readonly #events: MachineEvent[] = [];
  #busy = false;
  /** The last instant that was read from the clock. */
  #instant = 0;

  constructor(settings: ExecuteSettings) {
    const { machine, options, anchor, observers, restored } = settings;
    const { plan, ledger } = machine;
    this.#settings = settings;
    this.machine = machine;
    this.#clock = anchor.clock;
    this.#origin = anchor.now;
    this.#context = captureContext();
    this.#reasons = new Reasons(ledger, (task) => this.nameOf(task));
    this.#fingerprints = new Fingerprints(plan.graph);
    this.#semaphore = options.concurrency instanceof Semaphore ? options.concurrency : undefined;
    this.random = options.random ?? Math.random;
    this.runId = options.runId ?? newRunId();
    this.values = new Values(machine, this.#reasons, settings.params);
    if (options.journal !== undefined) {
      this.#journal = new JournalWriter(options.journal, this.runId, machine, this.#fingerprints);
    }
    if (observers.length > 0) {
      this.notifier = new Notifier(observers, {
        plan,
        ledger,
        reasons: this.#reasons,
        info: this.runInfo,
        epochMs: anchor.epochMs,
      });
    }
    this.#preparation = new Preparation(this, options.graceMs, restored);
    this.#starter = new AttemptStarter(this, new AttemptEnder(this), this.#context, options.runner);
    this.report = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#begin();
  }

  get runInfo(): RunInfo {
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
      this.values.set(task, output);
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
      this.#releases.push(this.after(Math.max(0, left), expire));
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
    for (let item = plan.graph.size; task === -1 && item < ledger.tasks; item++) {
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
      this.values.restoreItems(event.restored);
    for (const command of this.machine.handle(event)) this.#obey(command, event.at);
    if (this.values.holds && "task" in event) this.values.forget(event.task);
  }

  #obey(command: Command, at: number): void {
    switch (command.type) {
      case "start":
        this.#start(command.task, command.attempt, at);
        break;
      case "prepare":
        this.#preparation.prepare(command.task);
        break;
      case "unprepare":
        this.#preparation.unprepare(command.task);
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
        this.#delays.set(task, this.after(ms, elapsed));
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
        this.values.release(command.task);
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
        this.#withdraw?.();
        this.#resolveTail(tailRows(this.#records, this.#resources));
        break;
    }
  }

  now(): number {
    const at = this.#clock.now() - this.#origin;
    if (at > this.#instant) this.#instant = at;
    return this.#instant; // A clock of the caller's own may go back; a run does not.
  }

  /** Timers fire in whatever context the clock has. */
  after(ms: number, fire: () => void): () => void {
    return this.#clock.after(ms, () => this.#context.run(fire));
  }

  // ---- attempts ----------------------------------------------------------------------------------------------------

  #start(task: number, id: number, commandedAt: number): void {
    const { ledger } = this.machine;
    const at = this.#instant;
    if (at !== commandedAt) {
      const event = { type: "started", task, at } as const;
      this.#settings.recorder?.event(event);
      this.machine.handle(event);
    }
    const number = ledger.firstAttempt[task] === id ? 1 : ledger.attemptCount(task);
    const call = new Call(this, task, id, number);
    this.#running[ledger.slot[id] as number] = call;
    const timeoutMs = this.machine.definitionOf(task).options?.timeoutMs;
    if (timeoutMs !== undefined) {
      call.disarm = this.after(timeoutMs, () => {
        this.send({ type: "expired", task, at: this.now(), limitMs: timeoutMs });
      });
    }
    this.#starter.start(call, at);
  }

  /** Nothing more is heard of it. */
  end(call: Call): void {
    call.over = true;
    call.disarm?.();
    this.#running[this.machine.ledger.slot[call.id] as number] = undefined;
  }

  #abort(task: number, cause: AbortCause, at: number): void {
    const { ledger } = this.machine;
    const call = this.#running[ledger.slot[ledger.lastAttempt[task] as number] as number];
    if (call === undefined) return;
    call.disarm?.();
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
      call.disarm = this.after(graceMs, () => {
        if (call.over) return;
        this.end(call);
        const now = this.now();
        this.send({ type: "abandon", task, at: now, error, overrunMs: now - call.askedAt });
      });
    }
    call.ask(error, at);
  }

  // ---- outputs -----------------------------------------------------------------------------------------------------

  #gather(map: number, first: number, count: number): void {
    this.#recordOrStop(map, this.values.gather(map, first, count));
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
    this.values.set(task, value);
    return event;
  }

  /** Tells the journal; throws what it throws. */
  #record(task: number, output: unknown): void {
    this.#journal?.write(task, output, this.#settings.anchor.epochMs + this.now());
  }

  nameOf(task: number): string {
    const { plan, ledger } = this.machine;
    return taskName(plan.graph, ledger, task);
  }

  progress(call: Call, fraction: number, message: string | undefined): void {
    if (this.notifier === undefined || !Number.isFinite(fraction)) return;
    const between = Math.min(1, Math.max(0, fraction));
    const said = message === undefined ? undefined : String(message);
    this.notifier.progress(call, between, said, this.now());
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  #settle(): void {
    for (const release of this.#releases) release();
    const { machine, options, anchor, dispatch, plannedAt, restored, recorder } = this.#settings;
    const { plan, state } = machine;
    const settledAt = this.now();
    const tail = new Promise<readonly TaskStatistics[]>((resolve) => {
      this.#resolveTail = resolve;
    });
    const ledger = settledLedger(machine);
    this.notifier?.end(state as NonNullable<typeof state>, ledger, settledAt);
    const facts: RunFacts = {
      run: runHeader(this.runId, plan.graph, options, dispatch, anchor.epochMs),
      clock: { epochMs: anchor.epochMs, driftMs: driftMs(anchor, settledAt) },
      resources: this.#resources,
      concurrency: this.#limit,
      staged: dispatch === "stages",
      plannedAt,
      settledAt,
      planIssues: [],
      observerErrors: [...(this.notifier?.faults ?? [])],
      resume: restored?.summary,
    };
    recorder?.end(facts);
    this.#resolve(reportOf({ ...this.#records, facts, ledger, tail }));
  }

  get #records(): RunRecords {
    const { machine, values } = this;
    return { machine, values, reasons: this.#reasons, fingerprints: this.#fingerprints };
  }

  get #resources(): string[] {
    return Object.keys(this.#settings.options.resources ?? {});
  }
}
