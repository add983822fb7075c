/**
 * Before a task queues: its inputs are resolved, its condition is asked, a map's list is counted. The machine is told the
 * answer; what it means is not known here. A task that has got its status meanwhile is asked nothing more, and the
 * machine is told when what was asked before has ended.
 */
import type { Definition, LoopSteps } from "../define/definition.ts";
import { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import { frameless, InputError, isError, PlanError } from "../ground/errors.ts";
import { isPromise, settling } from "../ground/promised.ts";
import type { PreparedEvent } from "../machine/event.ts";
import { taskName } from "../machine/task-name.ts";
import { amountsOf, amountsOfItems } from "./amounts.ts";
import { Awaited } from "./awaited.ts";
import type { Cached } from "./cached.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";
import { type Prepared, prepare } from "./inputs.ts";
import { itemKeys } from "./item-keys.ts";
import { flowOf } from "./loops.ts";
import type { RunOptions } from "./options.ts";
import type { Capacity } from "./resources.ts";
import { checkSize, MAX_TASKS } from "./size.ts";
import { journalFailure, type Stored } from "./stored.ts";
import type { Values } from "./values.ts";

/** What it needs of the driver. */
export interface PreparationHost extends Host {
  readonly values: Values;
  readonly stored: Pick<Stored, "restoreItems" | "called" | "found" | "foundItems" | "pending">;
  readonly cache: Cached | undefined;
  readonly capacity: Capacity;
}

type Answer = Omit<PreparedEvent, "type" | "task" | "at">;
/** That of a map, whose list is there. */
type ListAnswer = Answer & Required<Pick<Answer, "restored">>;
type Skip = { readonly skip?: unknown } | null | undefined;

export class Preparation {
  readonly #host: PreparationHost;
  readonly #maxTasks: number;
  /** Tasks that have not been answered for. */
  readonly #awaited: Awaited;

  constructor(host: PreparationHost, { graceMs, maxTasks }: RunOptions) {
    this.#host = host;
    this.#awaited = new Awaited(host, graceMs);
    this.#maxTasks = maxTasks ?? MAX_TASKS;
  }

  prepare(task: number): void {
    const definition = definitionOf(this.#host.machine, task);
    this.#awaited.add(task);
    if (!definition.prepares) {
      this.#answer(task, {});
      return;
    }
    prepare(definition, task, this.#host.values, this.#maxTasks, {
      ready: (prepared) => this.#decide(task, definition, prepared),
      failed: (error, unfinished) => this.#failed(task, definition, error, unfinished),
      ended: () => this.#answer(task, {}),
    });
  }

  /** The answer is not wanted any more; its end is waited for, within the grace period. */
  unprepare(task: number): void {
    // An answer that was given is on its way.
    this.#awaited.press(task, () =>
      this.#host.send({ type: "forsake", task, at: this.#host.now() }),
    );
  }

  /** What has been forsaken answers no more. */
  #answer(task: number, answer: Answer): void {
    const heard = answer.unfinished === true ? this.#awaited.has(task) : this.#awaited.end(task);
    if (heard) this.#host.send({ ...answer, type: "prepared", task, at: this.#host.now() });
  }

  #failed(task: number, { name }: Definition, thrown: unknown, unfinished: boolean): void {
    const message = `Task "${name}" could not be prepared`;
    const error = isError(thrown)
      ? thrown
      : frameless(new InputError(name, message, { cause: thrown }));
    this.#answer(task, unfinished ? { error, unfinished } : { error });
  }

  /** Asks the condition, unless the task has its status. */
  #decide(task: number, definition: Definition, prepared: Prepared): void {
    const { values } = this.#host;
    if (!values.wants(task)) {
      this.#answer(task, {});
      return;
    }
    const when = definition.options?.when;
    if (when === undefined) {
      this.#take(task, definition, prepared);
      return;
    }
    let verdict: unknown;
    try {
      verdict = when(prepared.inputs as never);
    } catch (error) {
      this.#failed(task, definition, error, false);
      return;
    }
    if (!isPromise(verdict)) {
      this.#judge(task, definition, prepared, verdict);
      return;
    }
    settling(verdict).then(
      (answer) => {
        if (values.wants(task)) this.#judge(task, definition, prepared, answer);
        else this.#answer(task, {});
      },
      (error: unknown) => this.#failed(task, definition, error, false),
    );
  }

  /** What the condition answered. */
  #judge(task: number, definition: Definition, prepared: Prepared, verdict: unknown): void {
    if (verdict === true) {
      this.#take(task, definition, prepared);
      return;
    }
    let skip: unknown;
    let surplus: readonly string[] = [];
    try {
      skip = verdict === false ? "its condition was not met" : (verdict as Skip)?.skip;
      if (verdict !== false && typeof skip === "string") surplus = othersThanSkip(verdict);
    } catch (error) {
      this.#failed(task, definition, error, false);
      return;
    }
    if (typeof skip === "string" && surplus.length === 0) this.#answer(task, { skip });
    else this.#failed(task, definition, noVerdict(definition, verdict, surplus), false);
  }

  /** The task runs, unless its result is in the cache, or its list has no keys. */
  #take(task: number, definition: Definition, prepared: Prepared): void {
    const { cache } = this.#host;
    if (cache === undefined || definition.options?.cache === undefined) {
      this.#proceed(task, definition, prepared);
    } else if (definition.kind === "map") {
      this.#proceed(task, definition, prepared, cache);
    } else {
      this.#askCache(
        task,
        definition,
        () => cache.find(task, definition, prepared),
        (found) => {
          if (found === undefined) this.#proceed(task, definition, prepared);
          else {
            const tell = (): void => this.#host.stored.found(task, found.value);
            this.#journaled(task, tell, () => this.#answer(task, { found: true }));
          }
        },
      );
    }
  }

  /** Waits for what the cache says; nobody wants to know of a task that has its status meanwhile. */
  #askCache<T>(
    task: number,
    definition: Definition,
    ask: () => Promise<T>,
    then: (found: T) => void,
  ): void {
    ask().then(
      (found) => {
        if (this.#host.values.wants(task)) then(found);
        else this.#answer(task, {});
      },
      (error: unknown) => this.#failed(task, definition, error, false),
    );
  }

  /**
   * Tells the journal by `tell`, and goes on once that has stored it: the run stops, and the task with it, when it does
   * not.
   */
  #journaled<T>(task: number, tell: () => T, then: (told: T) => void): void {
    const { stored, values } = this.#host;
    const before = stored.pending;
    let told: T;
    try {
      told = tell();
    } catch (error) {
      this.#host.send({ type: "stop", at: this.#host.now(), cause: journalFailure(error) });
      this.#answer(task, { error });
      return;
    }
    const { pending } = stored;
    if (pending === undefined || pending === before) {
      then(told);
      return;
    }
    pending.then(
      () => {
        if (values.wants(task)) then(told);
        else this.#answer(task, {});
      },
      (error: unknown) => this.#answer(task, { error }),
    );
  }

  #proceed(task: number, definition: Definition, prepared: Prepared, cache?: Cached): void {
    const { values, stored } = this.#host;
    const { capacity } = this.#host;
    if (definition.steps !== undefined) {
      this.#first(task, definition, definition.steps, prepared);
      return;
    }
    if (definition.kind === "task") {
      let amounts: Answer | undefined;
      try {
        amounts = amountsOf(definition, prepared.inputs, capacity);
      } catch (error) {
        this.#failed(task, definition, error, false);
        return;
      }
      values.hold(task, prepared);
      this.#answer(task, amounts ?? {});
      return;
    }
    const list = prepared.list as readonly unknown[];
    let keys: readonly string[] | undefined;
    try {
      this.#checkSize(task, list.length);
      keys = itemKeys(definition, list);
    } catch (error) {
      this.#failed(task, definition, error, false);
      return;
    }
    values.hold(task, prepared);
    this.#journaled(
      task,
      () => stored.restoreItems(task, list, keys),
      (restored) => {
        const amounts = amountsOfItems(definition, list, capacity);
        const answer = { items: list.length, keys, restored, ...amounts };
        if (cache === undefined) this.#answer(task, answer);
        else this.#findItems(task, definition, prepared, answer, cache);
      },
    );
  }

  /** What else of a map's items is in the cache. */
  #findItems(
    task: number,
    definition: Definition,
    prepared: Prepared,
    answer: ListAnswer,
    cache: Cached,
  ): void {
    const { stored, values } = this.#host;
    const { keys, restored } = answer;
    const failed = (error: unknown): void => {
      // Those that were asked for before it are waited for.
      if (values.wants(task)) this.#failed(task, definition, error, true);
    };
    this.#askCache(
      task,
      definition,
      () => cache.findItems(task, definition, prepared, answer, failed),
      (found) =>
        this.#journaled(
          task,
          () => stored.foundItems(task, found, prepared.list as readonly unknown[], keys),
          () => {
            const there = new Map([...restored, ...found]);
            this.#answer(task, { ...answer, restored: there, foundItems: new Set(found.keys()) });
          },
        ),
    );
  }

  /** A loop is asked for its first flow. */
  #first(task: number, definition: Definition, { first }: LoopSteps, prepared: Prepared): void {
    const { values, stored } = this.#host;
    const path = this.#pathOf(task);
    const begin = (given: unknown): void =>
      this.#answer(task, { inner: flowOf(path, "first", given) });
    try {
      stored.called(task);
      const given = first(prepared.inputs as never);
      values.hold(task, prepared);
      if (!isPromise(given)) {
        begin(given);
        return;
      }
      settling(given)
        .then((flow) => {
          if (values.wants(task)) begin(flow);
          else this.#answer(task, {});
        })
        .catch((error: unknown) => this.#failed(task, definition, error, false));
    } catch (error) {
      this.#failed(task, definition, error, false);
    }
  }

  #pathOf(task: number): string {
    const { plan, ledger } = this.#host.machine;
    return taskName(plan.graph, ledger, task);
  }

  /** Throws when there are more items than the run may have tasks. */
  #checkSize(map: number, items: number): void {
    const issues = new Issues();
    const { ledger } = this.#host.machine;
    checkSize(issues, items, ledger.tasks, this.#maxTasks, this.#pathOf(map));
    issues.throwAs(PlanError);
  }
}

/** What a condition gave that is no verdict, as the error of its task. */
function noVerdict({ name }: Definition, verdict: unknown, surplus: readonly string[]): InputError {
  const got =
    surplus.length > 0 ? `{ skip, ${surplus.slice(0, 5).join(", ")} }` : describe(verdict);
  const message = `The condition of task "${name}" must return true, false or { skip: "why" }, or a promise of that, got ${got}`;
  return frameless(new InputError(name, message));
}

function othersThanSkip(verdict: unknown): string[] {
  return Object.keys(verdict as object).filter((key) => key !== "skip");
}
