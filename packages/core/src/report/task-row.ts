/**
 * One task's statistics, read from the ledger field by field as they are asked for. Ten thousand rows of objects take
 * ten times as long to make as ten thousand of these, and seven times the memory.
 */

import { type Definition, maxRetriesOf } from "../define/definition.ts";
import type { Because } from "../define/task.ts";
import { type Brand, brand } from "../ground/brand.ts";
import { describeOutput } from "../ground/describe.ts";
import { type SerializedError, serializeError } from "../ground/serialize-error.ts";
import type { Ledger } from "../machine/ledger.ts";
import type { Spawn } from "../machine/spawns.ts";
import { ABANDONED, COMPLETED, FAILED, RESTORED, SKIPPED, STATUSES } from "../machine/states.ts";
import { definitionIn, parentOf, taskName } from "../machine/task-name.ts";
import { type AttemptFacts, attemptRows } from "./attempt-row.ts";
import { between, endOf, instant, queuedOf, ranOf, rounded, startOf } from "./durations.ts";
import { edgeRows } from "./edge-row.ts";
import type { Fingerprints } from "./fingerprint.ts";
import { holdsFlow } from "./outcome.ts";
import { reasonRow } from "./reason-row.ts";
import type { Reasons } from "./reasons.ts";
import type { AttemptStatistics, Ms, Offset, TaskStatistics, TaskStatus } from "./statistics.ts";
import { unitsOf } from "./units-of.ts";

/** What rows are made from. */
export interface Facts extends AttemptFacts {
  readonly reasons: Reasons;
  readonly fingerprints: Fingerprints;
  readonly outputs: readonly unknown[];
}

/** The fields of a row, in the order of the report. */
const FIELDS = [
  "taskName",
  "kind",
  "role",
  "parent",
  "index",
  "key",
  "stageId",
  "dependencies",
  "status",
  "tolerated",
  "fallback",
  "fingerprint",
  "restored",
  "source",
  "lostAt",
  "lostError",
  "releasedAt",
  "releaseMs",
  "releaseError",
  "blockedMs",
  "journalMs",
  "reason",
  "because",
  "root",
  "readyAt",
  "startAt",
  "endAt",
  "queuedMs",
  "durationMs",
  "runMs",
  "releasedBy",
  "retry",
  "attemptCount",
  "attemptStatistics",
  "error",
  "ignoredSignal",
  "overrunMs",
  "tags",
  "description",
  "priority",
  "concurrency",
  "resources",
  "attributes",
  "output",
] as const satisfies readonly (keyof TaskStatistics)[];

/** What `TaskStatistics` promises, without the promise that an absent field is not there. */
type Fields = { readonly [K in keyof TaskStatistics]: TaskStatistics[K] | undefined };

/** A live view: copy it with `toJSON()`, not by spreading. */
export class TaskRow implements Fields {
  /** As people know it, where a tool prints it. */
  static readonly name: string = "TaskStatistics";
  readonly #facts: Facts;
  readonly #task: number;

  constructor(facts: Facts, task: number) {
    this.#facts = facts;
    this.#task = task;
  }

  get "~astrum"(): Brand {
    return brand("report", "a task's statistics");
  }

  #isPlanned(): boolean {
    return this.#task < this.#facts.plan.graph.size;
  }

  #spawn(): Spawn | undefined {
    return this.#facts.ledger.itemsOf(this.#task);
  }

  #isItem(): boolean {
    return this.#spawn() !== undefined;
  }

  #definition(): Definition {
    const { plan, ledger } = this.#facts;
    return definitionIn(plan.graph, ledger, ledger.writtenOf(this.#task));
  }

  get taskName(): string {
    return taskName(this.#facts.plan.graph, this.#facts.ledger, this.#task);
  }

  get kind(): TaskStatistics["kind"] {
    if (this.#isItem()) return "item";
    const { tails } = this.#facts.ledger.grown ?? this.#facts.plan.graph;
    if (tails.size > 0 && tails.has(this.#task)) return "tail";
    return this.#definition().kind;
  }

  get role(): TaskStatistics["role"] {
    const { plan, ledger } = this.#facts;
    const { gated } = ledger.grown ?? plan.graph;
    if (gated.size > 0 && gated.has(ledger.writtenOf(this.#task))) return "finally";
    return roleOf(ledger, this.#definition(), this.#task);
  }

  get parent(): string | undefined {
    const { plan, ledger } = this.#facts;
    const parent = parentOf(ledger, this.#task);
    return parent === undefined ? undefined : taskName(plan.graph, ledger, parent);
  }

  get index(): number | undefined {
    const spawn = this.#spawn();
    return spawn && this.#task - spawn.first;
  }

  get key(): string | undefined {
    return this.#facts.ledger.keyOf(this.#task);
  }

  get stageId(): number | null {
    return this.#isPlanned() ? (this.#facts.plan.depth[this.#task] as number) : null;
  }

  get dependencies(): TaskStatistics["dependencies"] {
    return this.#isItem() ? [] : edgeRows(this.#facts, this.#task);
  }

  get status(): TaskStatus {
    return STATUSES[this.#facts.ledger.status[this.#task] as number] as TaskStatus;
  }

  get tolerated(): true | undefined {
    return this.#facts.ledger.tolerated.get(this.#task);
  }

  get fallback(): true | undefined {
    return this.#facts.ledger.fellBack.get(this.#task);
  }

  get fingerprint(): string {
    const { ledger, fingerprints } = this.#facts;
    return fingerprints.of(ledger.writtenOf(this.#task), this.index);
  }

  get restored(): true | undefined {
    return this.#facts.ledger.status[this.#task] === RESTORED ? true : undefined;
  }

  get source(): "cache" | undefined {
    return this.#facts.ledger.cached.has(this.#task) ? "cache" : undefined;
  }

  get lostAt(): Offset | undefined {
    const loss = this.#facts.ledger.losses.get(this.#task);
    return loss && rounded(loss.at);
  }

  get lostError(): SerializedError | undefined {
    const loss = this.#facts.ledger.losses.get(this.#task);
    return loss && serializeError(loss.error);
  }

  get releasedAt(): Offset | undefined {
    const release = this.#facts.ledger.releases.get(this.#task);
    return release && rounded(release.endedAt);
  }

  get releaseMs(): Ms | undefined {
    const release = this.#facts.ledger.releases.get(this.#task);
    return release && between(release.calledAt, release.endedAt);
  }

  get releaseError(): SerializedError | undefined {
    const release = this.#facts.ledger.releases.get(this.#task);
    return release && "error" in release ? serializeError(release.error) : undefined;
  }

  get journalMs(): Ms | undefined {
    const ms = this.#facts.ledger.journalMs.get(this.#task);
    return ms === undefined ? undefined : rounded(ms);
  }

  get blockedMs(): Ms | undefined {
    const blocked = this.#facts.ledger.blockedMs.get(this.#task);
    return blocked === undefined ? undefined : rounded(blocked);
  }

  get reason(): TaskStatistics["reason"] {
    const reason = this.#facts.ledger.reasons.get(this.#task);
    return reason && reasonRow(this.#facts, reason);
  }

  get because(): Because | undefined {
    return this.#skippedBy()?.because;
  }

  get root(): string | undefined {
    return this.#skippedBy()?.root;
  }

  #skippedBy(): ReturnType<Reasons["skippedBy"]> | undefined {
    const { ledger, reasons } = this.#facts;
    if (ledger.status[this.#task] !== SKIPPED) return undefined;
    const reason = ledger.reasons.get(this.#task);
    return reason && reasons.skippedBy(reason);
  }

  get readyAt(): Offset | null {
    return instant(this.#facts.ledger.readyAt[this.#task] as number);
  }

  get startAt(): Offset | null {
    return instant(startOf(this.#facts.ledger, this.#task));
  }

  get endAt(): Offset | null {
    return instant(endOf(this.#facts.ledger, this.#task));
  }

  get durationMs(): Ms {
    const { ledger } = this.#facts;
    const end = endOf(ledger, this.#task);
    return Number.isNaN(end) ? 0 : between(startOf(ledger, this.#task), end);
  }

  get queuedMs(): Ms {
    return queuedOf(this.#facts.ledger, this.#task);
  }

  get runMs(): Ms {
    return ranOf(this.#facts.ledger, this.#task);
  }

  get releasedBy(): string | undefined {
    const { plan, ledger } = this.#facts;
    const releasedBy = ledger.releasedBy[this.#task] as number;
    return releasedBy === -1 ? undefined : taskName(plan.graph, ledger, releasedBy);
  }

  get retry(): number {
    return maxRetriesOf(this.#definition());
  }

  get attemptCount(): number {
    return this.#facts.ledger.attemptCount(this.#task);
  }

  get attemptStatistics(): AttemptStatistics[] {
    return attemptRows(this.#facts, this.#task, this.taskName, this.retry);
  }

  get error(): SerializedError | undefined {
    const status = this.#facts.ledger.status[this.#task];
    if (status !== FAILED && status !== ABANDONED) return undefined;
    return serializeError(this.#facts.ledger.errorOf(this.#task));
  }

  get ignoredSignal(): true | undefined {
    const { overrunMs, lastAttempt } = this.#facts.ledger;
    // What was asked before any attempt had no signal to hear.
    return overrunMs.has(this.#task) && lastAttempt[this.#task] !== -1 ? true : undefined;
  }

  get overrunMs(): Ms | undefined {
    const overrun = this.#facts.ledger.overrunMs.get(this.#task);
    return overrun === undefined ? undefined : rounded(overrun);
  }

  get tags(): readonly string[] | undefined {
    return this.#definition().options?.tags;
  }

  /** What is the same for all items is said of their map. */
  get description(): string | undefined {
    return this.#isItem() ? undefined : this.#definition().options?.description;
  }

  get priority(): number | undefined {
    return this.#isItem() ? undefined : this.#definition().options?.priority;
  }

  get concurrency(): number | undefined {
    return this.#isItem() ? undefined : this.#definition().options?.concurrency;
  }

  get resources(): Readonly<Record<string, number>> | undefined {
    return unitsOf(this.#facts, this.#task);
  }

  get attributes(): Record<string, string | number | boolean> | undefined {
    const attributes = this.#facts.ledger.attributes.get(this.#task);
    return attributes && { ...attributes };
  }

  get output(): { type: string; size?: number } | undefined {
    if (this.#facts.ledger.status[this.#task] !== COMPLETED) return undefined;
    const value = this.#facts.outputs[this.#task];
    return value === undefined ? undefined : describeOutput(value);
  }

  /** The row as a plain object, without the fields that are not there. */
  toJSON(): TaskStatistics {
    const row: Record<string, unknown> = {};
    for (const field of FIELDS) {
      const value = this[field];
      if (value !== undefined) row[field] = value;
    }
    return row as unknown as TaskStatistics;
  }
}

/** What Node prints for a row. */
Object.defineProperty(TaskRow.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: TaskRow): TaskStatistics {
    return this.toJSON();
  },
});

/** The statistics of a task; absent fields read `undefined`. */
export function taskRow(facts: Facts, task: number): TaskStatistics {
  return new TaskRow(facts, task) as Fields as TaskStatistics;
}

/** What stands inside of a task beside items: a flow, or those of a loop. */
function roleOf(
  ledger: Ledger,
  { role }: Definition,
  task: number,
): "subflow" | "loop" | undefined {
  if (role !== undefined && ledger.itemsOf(task) === undefined) return role;
  return holdsFlow(ledger, task) ? "subflow" : undefined;
}
