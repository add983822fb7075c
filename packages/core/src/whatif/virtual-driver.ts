/**
 * Drives the run machine through a script: it obeys commands as the real driver does, but every answer comes from the script
 * and time goes from event to event. It schedules nothing, the machine does; it reads no clock and calls no function.
 */
import type { Anchor } from "../contract/clock.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { Grants, GrantsHost } from "../drive/grants.ts";
import {
  grantsOf,
  limitNames,
  ownResources,
  type Resources,
  sharedResources,
} from "../drive/resources.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { Command, MachineEvent, PreparedEvent } from "../machine/event.ts";
import type { Dispatch, Machine } from "../machine/machine.ts";
import type { MachineMaker } from "../machine/machine-for.ts";
import { Rows } from "../machine/rows.ts";
import { QUEUED } from "../machine/states.ts";
import { definitionIn, taskName } from "../machine/task-name.ts";
import { Agenda } from "./agenda.ts";
import { Playing, restoredIn } from "./playing.ts";
import type { Script, ScriptedAttempt, ScriptedTask } from "./script.ts";

export interface VirtualSettings {
  readonly script: Script;
  readonly dispatch: Dispatch;
  /** When the first tasks may start. */
  readonly beginAt: number;
  readonly concurrency: number | undefined;
  /** What the run has of each. Nobody else may have any of what is shared: see `alone`. */
  readonly resources: Resources;
  /** Longest path first, by these. */
  readonly estimates: Readonly<Record<string, number>> | undefined;
  /** Those tasks go first that let go of outputs. */
  readonly release: boolean;
}

/** A machine that has been driven to its end. */
export interface VirtualRun {
  readonly machine: Machine;
  readonly settledAt: number;
  /** What an attempt waited for, in the words of the report: in the order of the machine's codes. */
  readonly limits: readonly string[];
  /** Tasks and items that ran, that are waited for and that the script says nothing of: they took no time. */
  readonly unmeasured: readonly number[];
}

/** Throws `DefinitionError` when the run cannot end: its script says what no run could do. */
export function driven(
  plan: GraphPlan,
  settings: VirtualSettings,
  machine: MachineMaker,
): VirtualRun {
  const driver = new VirtualDriver(plan, settings, machine);
  driver.drive();
  return driver;
}

class VirtualDriver implements GrantsHost, VirtualRun {
  readonly machine: Machine;
  readonly unmeasured: number[] = [];
  readonly limits: readonly string[];
  settledAt = 0;
  readonly #script: Script;
  readonly #playing: Playing;
  readonly #rows: Rows;
  readonly #grants: Grants | undefined;
  readonly #agenda: Agenda<MachineEvent | (() => void)> = new Agenda();
  /** What happens at this instant. */
  readonly #events: MachineEvent[] = [];
  /** Nobody but this run counts by it. */
  readonly #anchor: Anchor = {
    clock: {
      now: () => this.#now,
      wallNow: () => this.#now,
      after: (ms, fire) => this.after(ms, fire),
    },
    now: 0,
    epochMs: 0,
  };
  #now: number;
  /** When the thread is free to call somebody. */
  #threadFreeAt = 0;

  constructor(plan: GraphPlan, settings: VirtualSettings, machine: MachineMaker) {
    const { concurrency, estimates, release, dispatch, beginAt } = settings;
    const { resources } = settings;
    const shared = sharedResources(resources);
    this.limits = limitNames(resources);
    const machineSettings = {
      concurrency,
      resources: ownResources(resources),
      shared,
      estimates,
      release,
      // Whatever failed, the run came to its end.
      failure: "continue",
    } as const;
    this.machine = machine(plan, machineSettings, dispatch);
    this.#script = settings.script;
    this.#playing = new Playing(settings.script, this.machine.ledger);
    this.#rows = new Rows(plan, this.machine.ledger);
    this.#now = beginAt;
    this.#threadFreeAt = beginAt;
    this.#grants = grantsOf(this, { resources }, this.#anchor);
  }

  drive(): void {
    this.#step({ type: "begin", at: this.#now, ...restoredIn(this.#script.tasks) });
    while (this.machine.state === undefined) {
      const next = this.#agenda.take();
      if (next === undefined) throw this.#stuck();
      this.#now = next.at;
      if (typeof next.what === "function") next.what();
      else this.#step(next.what);
      this.#drain();
    }
  }

  /** Nothing is left that could happen. */
  #stuck(): DefinitionError {
    const { plan, ledger } = this.machine;
    const queued = ledger.status.indexOf(QUEUED);
    const open = ledger.status.findIndex((_, row) => !ledger.isFinal(row));
    const task = taskName(plan.graph, ledger, queued === -1 ? open : queued);
    const why = queued === -1 ? "never ends" : "waits for more than there is";
    const message = `The simulated run cannot end: task "${task}" ${why}`;
    return new DefinitionError([{ code: "endless", message, path: ["tasks", task] }]);
  }

  // ---- what grants ask of their driver --------------------------------------------------------------------------------

  now(): number {
    return this.#now;
  }

  after(ms: number, fire: () => void): () => void {
    return this.#agenda.add(this.#now + ms, fire);
  }

  answer(event: MachineEvent): void {
    this.#events.push(event);
  }

  // ---- events and commands -----------------------------------------------------------------------------------------

  #timer(at: number, event: MachineEvent): void {
    this.#agenda.add(at, event);
  }

  #step(event: MachineEvent): void {
    this.#handle(event);
    this.#drain();
  }

  #handle(event: MachineEvent): void {
    const commands = this.machine.handle(event);
    if ("inner" in event && event.inner !== undefined)
      this.#playing.enters(event.task, event.inner);
    for (const command of commands) this.#obey(command);
  }

  #drain(): void {
    const events = this.#events;
    for (let at = 0; at < events.length; at++) {
      this.#handle(events[at] as MachineEvent);
    }
    events.length = 0;
  }

  #obey(command: Command): void {
    const at = this.#now;
    switch (command.type) {
      case "start":
        this.#start(command.task);
        break;
      case "prepare":
        this.#prepare(command.task);
        break;
      case "muster":
        this.#events.push({ type: "mustered", at });
        break;
      case "delay":
        this.#timer(at + command.ms, { type: "elapsed", task: command.task, at: at + command.ms });
        break;
      case "gather":
        this.#gather(command.task);
        break;
      case "iterate":
        this.#iterate(command.task, command.iteration);
        break;
      case "fallback":
        this.#fallBack(command.task);
        break;
      case "dispose":
        this.#events.push({ type: "disposed", task: command.task, at, calledAt: at });
        break;
      case "acquire":
        this.#grants?.acquire(command.claim, command.units);
        break;
      case "arrange":
        this.#grants?.arrange(command.claims);
        break;
      case "withdraw":
        this.#grants?.end(command.claim, true);
        break;
      case "yield":
        this.#grants?.end(command.claim, command.unused === true);
        break;
      case "settle":
        this.settledAt = at;
        break;
      default:
        // Nobody looks on, nothing is stored, and what goes on after the end is not waited for.
        break;
    }
  }

  /** The call comes when the thread is free. */
  #start(task: number): void {
    const { ledger } = this.machine;
    const scripted = this.#playing.of(task);
    const number = ledger.attemptCount(task);
    const attempt = scripted?.attempts[number - 1];
    if (attempt === undefined && !this.#rows.isTail(task)) this.unmeasured.push(task);
    const { runMs = 0, lagMs = 0, heldMs = 0 } = attempt ?? {};
    const at = Math.max(this.#now, this.#threadFreeAt) + lagMs;
    this.#threadFreeAt = at + heldMs;
    if (at > this.#now) this.machine.handle({ type: "started", task, at });
    const end = endOf(task, at + runMs, attempt);
    const [inside] = scripted?.scenes ?? [];
    if (end.type !== "returned") this.#timer(end.at, end);
    else if (inside !== undefined) {
      this.#timer(end.at, { ...end, inner: this.#playing.innerOf(inside) });
    } else if (scripted?.journalMs) {
      this.#timer(end.at, { ...end, storing: true });
      this.#stored(task, end.at, scripted.journalMs);
    } else this.#timer(end.at, end);
  }

  /** What is made of what was inside of it may have to be stored. */
  #gather(task: number): void {
    const at = this.#now;
    const { journalMs = 0, fails } = this.#playing.of(task) ?? {};
    // What the error is nobody reads.
    if (fails) this.#events.push({ type: "gathered", task, at, error: null });
    else if (journalMs === 0) this.#events.push({ type: "gathered", task, at });
    else {
      this.#events.push({ type: "gathered", task, at, pending: true });
      this.#stored(task, at, journalMs);
    }
  }

  #stored(task: number, since: number, journalMs: number): void {
    const at = since + journalMs;
    this.#timer(at, { type: "gathered", task, at, journalMs });
  }

  #prepare(task: number): void {
    const scripted = this.#playing.of(task);
    const at = this.#now + (scripted?.prepareMs ?? 0);
    const event = this.#prepared(task, at, scripted);
    if (at > this.#now) this.#timer(at, event);
    else this.#events.push(event);
  }

  #prepared(task: number, at: number, scripted: ScriptedTask | undefined): PreparedEvent {
    const base = { type: "prepared", task, at } as const;
    if (scripted?.answer === "skip") return { ...base, skip: "as in the run before" };
    if (scripted?.answer === "error") return { ...base, error: undefined };
    const { plan, ledger } = this.machine;
    const definition = definitionIn(plan.graph, ledger, task);
    if (definition.role === "loop") {
      const [first] = scripted?.scenes ?? [];
      return first === undefined
        ? { ...base, error: undefined }
        : { ...base, inner: this.#playing.innerOf(first, 0) };
    }
    if (definition.kind !== "map") return this.#withAmounts(base, task, [scripted]);
    const items = this.#playing.listOf(task) ?? [undefined];
    const refused = new Map<number, undefined>();
    items.forEach((item, index) => {
      if (item?.answer === "error") refused.set(index, undefined);
    });
    return {
      ...this.#withAmounts(base, task, items),
      items: items.length,
      ...restoredIn(items),
      ...(refused.size === 0 ? {} : { refused }),
    };
  }

  /** Where amounts are computed; of what nobody knows, one unit. */
  #withAmounts(
    event: PreparedEvent,
    task: number,
    rows: readonly (ScriptedTask | undefined)[],
  ): PreparedEvent {
    const { resources = {} } = this.#rows.traitsOf(task);
    const computed = Object.keys(resources).filter((name) => resources[name] === "computed");
    if (computed.length === 0) return event;
    const amounts = computed.map((name) => [name, rows.map((row) => row?.units?.[name] ?? 1)]);
    return { ...event, amounts: Object.fromEntries(amounts) as Record<string, number[]> };
  }

  /** The next flow of a loop, as long as there is one. */
  #iterate(task: number, iteration: number): void {
    const { scenes, fails } = this.#playing.of(task) ?? {};
    const next = scenes?.[iteration + 1];
    const at = this.#now + (next?.waitMs ?? 0);
    const base = { type: "iterated", task, at } as const;
    const last: MachineEvent = fails ? { ...base, error: undefined } : { ...base, done: true };
    const event: MachineEvent =
      next === undefined ? last : { ...base, inner: this.#playing.innerOf(next, iteration + 1) };
    if (at > this.#now) {
      this.#events.push({ type: "iterated", task, at: this.#now, pending: true });
      this.#timer(at, event);
    } else this.#events.push(event);
  }

  #fallBack(task: number): void {
    const at = this.#now;
    const base = { type: "fellBack", task, at } as const;
    const { ms, gives } = this.#playing.of(task)?.fallback ?? { ms: 0, gives: false };
    const answer = gives ? { value: undefined } : { error: undefined };
    if (ms === 0) {
      this.#events.push({ ...base, ...answer });
    } else {
      this.#events.push({ ...base, pending: true });
      this.#timer(at + ms, { ...base, at: at + ms, ...answer });
    }
  }
}

function endOf(
  task: number,
  at: number,
  attempt: ScriptedAttempt | undefined,
): MachineEvent & { readonly at: number } {
  if (attempt?.end === "threw") {
    return { type: "threw", task, at, error: undefined, retryMs: attempt.retryMs };
  }
  if (attempt?.end === "skipped")
    return { type: "skipped", task, at, reason: "as in the run before" };
  return { type: "returned", task, at, value: undefined };
}
