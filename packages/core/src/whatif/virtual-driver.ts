/**
 * Drives the run machine through a script: it obeys commands as the real driver does, but every answer comes from the script
 * and time goes from event to event. It schedules nothing, the machine does; it reads no clock and calls no function.
 */
import type { Anchor } from "../contract/clock.ts";
import type { GraphPlan } from "../define/plan.ts";
import { Grants, type GrantsHost } from "../drive/grants.ts";
import { RateLimit } from "../drive/rate-limit.ts";
import {
  limitNames,
  ownResources,
  type Resource,
  type Resources,
  sharedResources,
} from "../drive/resources.ts";
import type { Command, MachineEvent, PreparedEvent } from "../machine/event.ts";
import { Heap } from "../machine/heap.ts";
import type { Dispatch, Machine } from "../machine/machine.ts";
import { Run } from "../machine/run.ts";
import { StagedRun } from "../machine/run-stages.ts";
import type { Script, ScriptedAttempt, ScriptedTask } from "./script.ts";

export interface VirtualSettings {
  readonly script: Script;
  readonly dispatch: Dispatch;
  /** When the first tasks may start. */
  readonly beginAt: number;
  readonly concurrency: number | undefined;
  /** What the run has of each, as if it were its own alone. */
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
  /** Tasks and items that ran and that the script says nothing of: they took no time. */
  readonly unmeasured: readonly number[];
}

/** Throws `RangeError` when the run cannot end, because a task waits for more than there is. */
export function driven(plan: GraphPlan, settings: VirtualSettings): VirtualRun {
  const driver = new VirtualDriver(plan, settings);
  driver.drive();
  return driver;
}

interface Timer {
  readonly at: number;
  readonly serial: number;
  open: boolean;
  readonly event: MachineEvent | undefined;
  readonly fire: (() => void) | undefined;
}

class VirtualDriver implements GrantsHost, VirtualRun {
  readonly machine: Machine;
  readonly unmeasured: number[] = [];
  readonly limits: readonly string[];
  settledAt = 0;
  readonly #settings: VirtualSettings;
  readonly #grants: Grants | undefined;
  readonly #timers: Heap<Timer> = new Heap(
    (a, b) => a.at < b.at || (a.at === b.at && a.serial < b.serial),
  );
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
  #serial = 0;
  #now: number;
  /** When the thread is free to call somebody. */
  #threadFreeAt = 0;

  constructor(plan: GraphPlan, settings: VirtualSettings) {
    const { concurrency, estimates, release, dispatch, beginAt } = settings;
    const resources = alone(settings.resources);
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
    this.machine =
      dispatch === "stages" ? new StagedRun(plan, machineSettings) : new Run(plan, machineSettings);
    this.#settings = settings;
    this.#now = beginAt;
    this.#threadFreeAt = beginAt;
    if (Object.keys(shared).length > 0)
      this.#grants = new Grants(this, { resources }, this.#anchor);
  }

  drive(): void {
    const restored = new Map<number, undefined>();
    this.#settings.script.tasks.forEach((task, row) => {
      if (task?.restored) restored.set(row, undefined);
    });
    this.#step({ type: "begin", at: this.#now, ...(restored.size === 0 ? {} : { restored }) });
    while (this.machine.state === undefined) {
      const timer = this.#timers.first;
      if (timer === undefined) throw new RangeError("The simulated run cannot end");
      this.#timers.removeAt(0);
      if (!timer.open) continue;
      this.#now = timer.at;
      if (timer.event !== undefined) this.#step(timer.event);
      else timer.fire?.();
      this.#drain();
    }
  }

  // ---- what grants ask of their driver --------------------------------------------------------------------------------

  now(): number {
    return this.#now;
  }

  after(ms: number, fire: () => void): () => void {
    const timer = this.#timer(this.#now + ms, undefined, fire);
    return () => {
      timer.open = false;
    };
  }

  answer(event: MachineEvent): void {
    this.#events.push(event);
  }

  // ---- events and commands -----------------------------------------------------------------------------------------

  #timer(at: number, event: MachineEvent | undefined, fire?: () => void): Timer {
    const timer = { at, serial: this.#serial++, open: true, event, fire };
    this.#timers.push(timer);
    return timer;
  }

  #step(event: MachineEvent): void {
    for (const command of this.machine.handle(event)) this.#obey(command);
    this.#drain();
  }

  #drain(): void {
    const events = this.#events;
    for (let at = 0; at < events.length; at++) {
      for (const command of this.machine.handle(events[at] as MachineEvent)) this.#obey(command);
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
        this.#events.push({ type: "gathered", task: command.task, at });
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

  #scriptOf(row: number): ScriptedTask | undefined {
    const { ledger } = this.machine;
    const { script } = this.#settings;
    const spawn = ledger.spawns.of(row);
    return spawn === undefined
      ? script.tasks[row]
      : script.items.get(spawn.owner)?.[row - spawn.first];
  }

  /** The call comes when the thread is free. */
  #start(task: number): void {
    const { ledger } = this.machine;
    const scripted = this.#scriptOf(task);
    const number = ledger.attemptCount(task);
    const attempt = scripted?.attempts[number - 1];
    if (attempt === undefined) this.unmeasured.push(task);
    const { runMs = 0, lagMs = 0, heldMs = 0 } = attempt ?? {};
    const at = Math.max(this.#now, this.#threadFreeAt) + lagMs;
    this.#threadFreeAt = at + heldMs;
    if (at > this.#now) this.machine.handle({ type: "started", task, at });
    if (attempt?.end === "never") return;
    this.#timer(at + runMs, endOf(task, at + runMs, attempt));
  }

  #prepare(task: number): void {
    const scripted = this.#scriptOf(task);
    const at = this.#now + (scripted?.prepareMs ?? 0);
    const event = this.#prepared(task, at, scripted);
    if (at > this.#now) this.#timer(at, event);
    else this.#events.push(event);
  }

  #prepared(task: number, at: number, scripted: ScriptedTask | undefined): PreparedEvent {
    const base = { type: "prepared", task, at } as const;
    if (scripted?.answer === "skip") return { ...base, skip: "as in the run before" };
    if (scripted?.answer === "error") return { ...base, error: undefined };
    const { plan } = this.machine;
    const { definitions } = plan.graph;
    if (definitions[task]?.kind !== "map") return this.#withAmounts(base, task, [scripted]);
    const items = this.#settings.script.items.get(task) ?? [undefined];
    const restored = new Map<number, undefined>();
    const refused = new Map<number, undefined>();
    items.forEach((item, index) => {
      if (item?.restored) restored.set(index, undefined);
      if (item?.answer === "error") refused.set(index, undefined);
    });
    return {
      ...this.#withAmounts(base, task, items),
      items: items.length,
      ...(restored.size === 0 ? {} : { restored }),
      ...(refused.size === 0 ? {} : { refused }),
    };
  }

  /** Where amounts are computed; of what nobody knows, one unit. */
  #withAmounts(
    event: PreparedEvent,
    task: number,
    rows: readonly (ScriptedTask | undefined)[],
  ): PreparedEvent {
    const { resources = {} } = this.machine.plan.traits.of(task);
    const computed = Object.keys(resources).filter((name) => resources[name] === "computed");
    if (computed.length === 0) return event;
    const amounts = computed.map((name) => [name, rows.map((row) => row?.units?.[name] ?? 1)]);
    return { ...event, amounts: Object.fromEntries(amounts) as Record<string, number[]> };
  }

  #fallBack(task: number): void {
    const at = this.#now;
    const base = { type: "fellBack", task, at } as const;
    const ms = this.#scriptOf(task)?.fallbackMs;
    if (ms === undefined) {
      this.#events.push({ ...base, error: undefined });
    } else if (ms === 0) {
      this.#events.push({ ...base, value: undefined });
    } else {
      this.#events.push({ ...base, pending: true });
      this.#timer(at + ms, { ...base, at: at + ms, value: undefined });
    }
  }
}

/** A semaphore is an amount when nobody else has it; a rate limit is one that nobody has spent of. */
function alone(resources: Resources): Record<string, Resource> {
  const own = Object.entries(resources).map(([name, one]) => {
    if (one instanceof RateLimit) {
      const { limit, perMs, burst } = one;
      return [name, new RateLimit({ limit, perMs, burst })];
    }
    return [name, typeof one === "object" ? one.limit : one];
  });
  return Object.fromEntries(own) as Record<string, Resource>;
}

function endOf(task: number, at: number, attempt: ScriptedAttempt | undefined): MachineEvent {
  if (attempt?.end === "threw") {
    return { type: "threw", task, at, error: undefined, retryMs: attempt.retryMs };
  }
  if (attempt?.end === "skipped")
    return { type: "skipped", task, at, reason: "as in the run before" };
  return { type: "returned", task, at, value: undefined };
}
