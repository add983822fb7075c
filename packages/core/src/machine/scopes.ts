/**
 * What ends as one: the run, and inside it the items of a map, or a flow. Scopes lie in one another, each but the run in
 * the row that owns it. A scope counts its rows, and its phase says who may start in it; a failure policy and a halt are about
 * scopes. Tells no row and starts none.
 */
import type { Graph, Root } from "../define/graph.ts";
import { type FailedItem, MapError } from "../ground/map-error.ts";
import type { Ledger, Reason, Spawn } from "./ledger.ts";
import type { FailureMode } from "./machine.ts";
import type { Rows } from "./rows.ts";
import { Sparse } from "./sparse.ts";
import {
  ABANDONED,
  CANCELLED,
  FAILED,
  INSIDE,
  type Phase,
  QUEUED,
  type Role,
  SCOPE,
  SKIPPED,
} from "./states.ts";

export interface Scope {
  phase: Phase;
  /** The row that it is inside of, and the scope of that row; the run is the outermost. */
  readonly owner: number;
  readonly outer: Scope | undefined;
  /** The nearest scope, itself included, whose owner tolerates what fails inside it; without one the run's policy decides. */
  readonly holder: Scope | undefined;
  /** Its rows, and those of what lies in it from the beginning. */
  readonly first: number;
  readonly count: number;
  /** Rows without a final state, by role; tails are counted by the run. */
  readonly open: Record<Role, number>;
  /** Rows that failed; in the run those whose failure is not tolerated. */
  failed: number;
}

/** A flow inside of a task, or one of those of a loop. */
export interface Inner extends Scope {
  readonly outer: Scope;
  /** What it gives, and the rows that start when all others have ended. */
  readonly roots: readonly Root[];
  readonly finallyTasks: readonly number[];
  /** Whether its rows may start: not before its owner was asked, where that is asked first. */
  opened: boolean;
  /** Of a loop: which of its flows it is, and the one before. */
  readonly iteration: number | undefined;
  readonly before: Inner | undefined;
  /** What halted it before it was closing. */
  haltedBy: Reason | undefined;
  /** What stopped it, also while it was closing: of a loop no other flow follows. What lets end stops nothing. */
  stoppedBy: Reason | undefined;
  /** The row that ended last, of those that had attempts or something inside; -1 when none had. */
  last: number;
  over: boolean;
}

/** The items of a map: all of them main rows. */
export interface Items extends Scope {
  readonly outer: Scope;
  readonly spawn: Spawn;
  /** Items that may be let into the competition for capacity at once. */
  readonly limit: number;
  /** The next one to let in, and those let in that have not ended. */
  next: number;
  active: number;
  cancelled: number;
  /** Those that failed and were given a value all the same. */
  fellBack: number;
  skipped: number;
  /** What their map reads has gone. */
  lost: boolean;
  /** The result of one could not be kept. */
  broken: boolean;
}

const PHASES = Object.keys(SCOPE);

export class Scopes {
  readonly run: Scope;
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #failure: FailureMode;
  /** Those that lie in the run: by owner, of a loop the last. */
  readonly #inside: Sparse<Items | Inner> = new Sparse();
  /** Those that came up, by their first row. */
  readonly #spawned: Sparse<Items | Inner> = new Sparse();
  /** Flows whose main or finally rows may all have ended. */
  readonly #done: Inner[] = [];
  /** Maps that may let an item in, since one was listed or has ended. */
  readonly #admitting: Items[] = [];

  constructor(rows: Rows, ledger: Ledger, graph: Graph, failure: FailureMode = "stop") {
    this.#rows = rows;
    this.#ledger = ledger;
    this.#failure = failure;
    const nests = graph.subflows.length > 0;
    const tails = nests ? 0 : graph.tails.size;
    const last = nests ? 0 : graph.finallyTasks.size;
    const open = { main: nests ? 0 : graph.size - last - tails, finally: last, tails };
    this.run = {
      phase: "open",
      owner: -1,
      outer: undefined,
      holder: undefined,
      first: 0,
      count: graph.size,
      open,
      failed: 0,
    };
    if (!nests) return;
    this.nest(this.run, graph, 0);
    this.count(graph, 0);
    this.#noteEmpty(graph, 0);
  }

  /** What is inside of this row: the items of a map, once they are listed; a flow. */
  inside(owner: number): Items | Inner | undefined {
    return this.#inside.get(owner);
  }

  /** The items that this row is one of. */
  itemsOf(row: number): Items | undefined {
    const spawn = this.#ledger.itemsOf(row);
    return spawn && (this.#spawned.get(spawn.first) as Items);
  }

  /** The scope that a row lies in. */
  of(row: number): Scope {
    const { nestedIn } = this.#ledger;
    const owner = nestedIn.size === 0 ? undefined : nestedIn.get(row);
    if (owner !== undefined) return this.#inside.get(owner) as Inner;
    const spawn = this.#ledger.spawnOf(row);
    return spawn === undefined ? this.run : (this.#spawned.get(spawn.first) as Scope);
  }

  /** Whether a row lies in a scope, however deep. */
  liesIn(scope: Scope, row: number): boolean {
    let at: Scope | undefined = this.of(row);
    while (at !== undefined && at !== scope) at = at.outer;
    return at === scope;
  }

  /** A row has its final state. */
  ended(row: number): void {
    const scope = this.of(row);
    const role = this.#rows.roleOf(row);
    if (scope === this.run || role === "tails") {
      this.run.open[role]--;
      return;
    }
    scope.open[role]--;
    const inner = scope as Inner;
    const { lastAttempt, status } = this.#ledger;
    const has = this.#inside.has(row) && status[row] !== SKIPPED;
    if (has || lastAttempt[row] !== -1) inner.last = row;
    if (inner.open.main === 0) this.#done.push(inner);
  }

  // ---- flows -------------------------------------------------------------------------------------------------------

  /** Flows that are inside of tasks from the beginning of a scope, whose rows begin at `first`. */
  nest(scope: Scope, { subflows }: Graph, first: number): void {
    // What is inside of another comes before it in the list, and after it here.
    for (let at = subflows.length - 1; at >= 0; at--) {
      const one = subflows[at] as Graph["subflows"][number];
      const owner = first + one.owner;
      const around = this.#ledger.nestedIn.get(owner);
      const outer = around === undefined ? scope : (this.#inside.get(around) as Inner);
      const inner = this.#inner(owner, outer, first + one.first, one.owner - one.first, one, first);
      this.#inside.set(owner, inner);
      this.#ledger.nested.set(owner, inner);
      for (let row = inner.first; row < owner; row++) this.#ledger.nestedIn.set(row, owner);
    }
  }

  /** A flow has come up inside of a row. */
  enter(spawn: Spawn, graph: Graph): Inner {
    const { owner, first, count, iteration } = spawn;
    const given = { roots: graph.roots ?? [], finallyTasks: [...graph.finallyTasks], asked: false };
    const inner = this.#inner(owner, this.of(owner), first, count, given, first, iteration);
    this.#inside.set(owner, inner);
    this.#spawned.set(first, inner);
    this.nest(inner, graph, first);
    this.count(graph, first);
    this.#noteEmpty(graph, first);
    if (inner.open.main === 0) this.#done.push(inner);
    return inner;
  }

  /** Flows without main rows end when they may begin. */
  #noteEmpty({ subflows }: Graph, first: number): void {
    for (const { owner } of subflows) {
      const inner = this.#inside.get(first + owner) as Inner;
      if (inner.open.main === 0) this.#done.push(inner);
    }
  }

  #inner(
    owner: number,
    outer: Scope,
    first: number,
    count: number,
    given: Pick<Graph["subflows"][number], "roots" | "finallyTasks" | "asked">,
    base: number,
    iteration?: number,
  ): Inner {
    const inner: Inner = {
      phase: "open",
      owner,
      outer,
      holder: outer.holder,
      first,
      count,
      open: { main: 0, finally: 0, tails: 0 },
      failed: 0,
      roots: given.roots.map(({ key, task }) => ({ key, task: base + task })),
      finallyTasks: given.finallyTasks.map((task) => base + task),
      opened: !given.asked,
      iteration,
      before: this.#inside.get(owner) as Inner | undefined,
      haltedBy: undefined,
      stoppedBy: undefined,
      last: -1,
      over: false,
    };
    return this.#rows.holds(owner) ? Object.assign(inner, { holder: inner }) : inner;
  }

  /** Counts the rows of a graph, each in its scope. */
  count({ size }: Graph, first: number): void {
    for (let row = first; row < first + size; row++) {
      const role = this.#rows.roleOf(row);
      const scope = this.of(row);
      if (role === "tails" && scope !== this.run) this.#noteTail(row);
      (role === "tails" ? this.run : scope).open[role]++;
    }
  }

  /** With what is inside of it from the beginning, which comes before it. */
  #noteTail(tail: number): void {
    const { innerTails, nested } = this.#ledger;
    const inside = nested.get(tail);
    for (let row = inside?.first ?? tail; row <= tail; row++) innerTails.set(row, true);
  }

  /** Whether a failure of this row, of a flow, is one of its flow. */
  failsItsFlow(row: number): boolean {
    return !this.#failsAlone(row);
  }

  /** Whether rows of a flow may start, and of all that it lies in: one without main rows is not over before that. */
  #isOpen(inner: Inner): boolean {
    let at: Scope = inner;
    while (at.outer !== undefined) {
      if ("opened" in at && !(at as Inner).opened) return false;
      if (this.#rows.roleOf(at.owner) === "finally" && at.outer.phase !== "closing") return false;
      at = at.outer;
    }
    return true;
  }

  /** The owner of a flow was asked, and is wanted: its rows may start. */
  open(inner: Inner): void {
    inner.opened = true;
    if (inner.open.main === 0) this.#done.push(inner);
  }

  /** Whether any flow is inside of a task. */
  get nests(): boolean {
    return this.#ledger.nestedIn.size > 0 || this.#ledger.grown !== undefined;
  }

  /** The next flow whose main rows have all ended, and its finally rows once it is closing; none when there is none. */
  nextDone(isIdle: (inner: Inner) => boolean): Inner | undefined {
    for (let at = this.#done.length - 1; at >= 0; at--) {
      const inner = this.#done[at] as Inner;
      if (!this.#isOpen(inner) && !this.#ledger.isFinal(inner.owner)) continue;
      const ended = inner.phase === "closing" ? inner.open.finally === 0 : isIdle(inner);
      if (inner.over || ended) this.#done.splice(at, 1);
      if (!inner.over && ended) return inner;
    }
    return undefined;
  }

  /** The rows of a scope, and those inside them; every row comes after its owner. */
  *within(scope: Scope): Iterable<number> {
    if (scope === this.run) {
      for (let row = 0; row < this.#ledger.tasks; row++) yield row;
      return;
    }
    const open = [scope];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { first, count } = next;
      for (const row of rowsOf(next)) {
        yield row;
        const inside = this.#inside.get(row);
        // What is there from the beginning has its rows among these.
        if (inside !== undefined && !(inside.first >= first && inside.first < first + count)) {
          open.push(inside);
        }
      }
      const before = (next as Partial<Inner>).before;
      if (before !== undefined) open.push(before);
    }
  }

  /**
   * What a row is to a scope that it lies in, however deep: what is inside of a finally row, or of a tail, is what that is.
   */
  roleIn(scope: Scope, row: number): Role {
    let role: Role = "main";
    let at = row;
    for (;;) {
      const own = this.#rows.roleOf(at);
      if (own === "finally") return own;
      if (own === "tails") role = own;
      const around = this.of(at);
      if (around === scope || around.outer === undefined) return role;
      at = around.owner;
    }
  }

  // ---- phases ------------------------------------------------------------------------------------------------------

  /** Whether a row that has begun, or an item, may start: another attempt, the next item. */
  mayStart(row: number): boolean {
    const effect = SCOPE[this.of(row).phase][this.#rows.roleOf(row)];
    return effect === "start" || effect === "those begun go on";
  }

  /** Whether it was stopped: what goes on of it is waited for only within the grace period. */
  isStopped(row: number): boolean {
    return SCOPE[this.of(row).phase][this.#rows.roleOf(row)] === "asked";
  }

  /** Whether a row may start that has just been released. */
  letsStart(row: number): boolean {
    return SCOPE[this.of(row).phase][this.#rows.roleOf(row)] === "start";
  }

  /** From now on its finally rows may start, and the verdict is fixed. */
  close(scope: Scope): void {
    lower(scope, "closing");
  }

  /** The main row, or item of one, whose attempt ended last: what finally rows have waited for. -1 when none had any. */
  lastToEnd(): number {
    const { attempts, attemptTask, endAt } = this.#ledger;
    let last = -1;
    let latest = Number.NEGATIVE_INFINITY;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const row = attemptTask[attempt] as number;
      const end = endAt[attempt] as number;
      if (!(end >= latest) || this.roleIn(this.run, row) !== "main") continue;
      latest = end;
      last = row;
    }
    return last;
  }

  /** A scope goes down to this phase, and so does what lies in it. `all`: finally rows too. */
  halt(scope: Scope, phase: Phase, reason: Reason, all = false): void {
    halted(scope, phase, reason);
    const follow = (inner: Scope): void => {
      if (!this.#concerns(this.roleIn(scope, inner.owner), phase, all)) return;
      halted(inner, phase, reason);
    };
    if (scope === this.run) for (const [, inner] of this.#inside) follow(inner);
    else {
      for (const row of this.within(scope)) {
        const inner = this.#inside.get(row);
        if (inner !== undefined) follow(inner);
      }
    }
  }

  /** Whether a halt to this phase concerns rows that have begun, by role. */
  #concerns(role: Role, phase: Phase, all: boolean): boolean {
    if (role === "finally") return all;
    return role === "main" || SCOPE[phase].tails === "asked";
  }

  /** A map is called off: the end of one of its items lets in no other. */
  stop(items: Items): void {
    lower(items, "stopped");
  }

  /** Likewise, because what the map reads has gone. */
  lose(items: Items): void {
    lower(items, "stopped");
    items.lost = true;
  }

  /** Whether a halt of a scope to this phase does not concern a row that lies in it. */
  isSpared(scope: Scope, row: number, phase: Phase, all: boolean): boolean {
    const role = this.roleIn(scope, row);
    if (this.#concerns(role, phase, all)) return false;
    if (role === "finally") return true;
    // Of tails those are spared that have begun, with all that is inside of them.
    let tail = row;
    while (this.#rows.roleOf(tail) !== "tails") tail = this.of(tail).owner;
    return this.#ledger.lastAttempt[tail] !== -1 || this.#ledger.status[tail] === INSIDE;
  }

  /** Records and counts a final failure, `broken` where a result could not be kept; the scope that it halts, when it halts one. */
  fails(row: number, broken = false): Scope | undefined {
    const items = broken ? this.itemsOf(row) : undefined;
    if (items !== undefined) items.broken = true;
    const tolerated = this.#isTolerated(row);
    this.#ledger.fail(row, tolerated);
    if (!tolerated) this.run.failed++;
    return this.#halts(row);
  }

  /** A row has failed with what is inside of it, which has been counted. Likewise the scope that this halts. */
  ownerFails(owner: number): Scope | undefined {
    if (this.#isTolerated(owner)) this.#ledger.tolerated.set(owner, true);
    return this.#halts(owner);
  }

  /** Whether what fails neither fails nor stops the run: a row says so, or one that it is inside of. */
  #isTolerated(row: number): boolean {
    return this.#failsAlone(row) || this.of(row).holder !== undefined;
  }

  /** Whether it is tolerated by itself, or has a value all the same. */
  #failsAlone(row: number): boolean {
    return this.#rows.tolerates(row) || this.#ledger.fellBack.has(row);
  }

  /** Counts it in its scope. */
  #halts(row: number): Scope | undefined {
    const scope = this.of(row);
    const alone = this.#failsAlone(row);
    if ("spawn" in scope) {
      // Items that are tolerated fail their map all the same, unless they fail alone.
      (scope as Items)[this.#ledger.fellBack.has(row) ? "fellBack" : "failed"]++;
    } else if (scope !== this.run && !alone) scope.failed++;
    if (alone) return undefined;
    const { holder } = scope;
    const halted = holder ?? this.run;
    if (halted.phase !== "open" || this.roleIn(halted, row) === "finally") return undefined;
    if (holder !== undefined) return holder;
    if (this.#failure === "continue") return undefined;
    const most = typeof this.#failure === "object" ? this.#failure.maxFailures : 1;
    return this.run.failed >= most ? this.run : undefined;
  }

  // ---- items -------------------------------------------------------------------------------------------------------

  /** The items of a map are listed, of which so many have their final state. */
  list(spawn: Spawn, ended: number): Items {
    const { owner, first, count } = spawn;
    const outer = this.of(owner);
    const items: Items = {
      phase: "open",
      owner,
      outer,
      // What a map tolerates its items tolerate themselves.
      holder: outer.holder,
      first,
      count,
      open: { main: count - ended, finally: 0, tails: 0 },
      failed: 0,
      spawn,
      limit: this.#rows.traitsOf(owner).itemLimit,
      next: 0,
      active: 0,
      cancelled: 0,
      fellBack: 0,
      skipped: 0,
      lost: false,
      broken: false,
    };
    this.#inside.set(owner, items);
    this.#spawned.set(first, items);
    this.#admitting.push(items);
    return items;
  }

  /** Whether a map may let an item in. */
  get letsIn(): boolean {
    return this.#admitting.length > 0;
  }

  /** The next item that its map lets in: as many as its limit allows; -1 when there is none. */
  nextItem(): number {
    for (let items = this.#admitting.at(-1); items !== undefined; items = this.#admitting.at(-1)) {
      const { spawn, limit } = items;
      const starts = SCOPE[items.phase].main === "start";
      while (starts && items.active < limit && items.next < spawn.count) {
        const item = spawn.first + items.next++;
        if (this.#ledger.status[item] !== QUEUED) continue;
        items.active++;
        return item;
      }
      this.#admitting.pop();
    }
    return -1;
  }

  /** An item has its final state. Its scope is returned. */
  itemEnded(item: number): Items {
    const items = this.itemsOf(item) as Items;
    const status = this.#ledger.status[item];
    if (item - items.spawn.first < items.next) items.active--;
    items.open.main--;
    if (this.#calledOff(item)) items.cancelled++;
    else if (status === SKIPPED) items.skipped++;
    if (this.#admitting.at(-1) !== items) this.#admitting.push(items);
    return items;
  }

  /** An item that was given up because of a failure of its own, which is tolerated, is none of them. */
  #calledOff(item: number): boolean {
    const { status, tolerated } = this.#ledger;
    return status[item] === CANCELLED || (status[item] === ABANDONED && !tolerated.has(item));
  }

  /**
   * What its items make of a map: one that failed fails it, one that was cancelled cancels it. Where items fail alone only
   * what stops them all does: with the run, because the result of one could not be kept, or because what the map reads has
   * gone. Then it fails by itself (`failing`), for its items' failures count for nothing.
   */
  verdict(items: Items): "ending" | "failed" | "failing" | "cancelled" {
    const { spawn, phase, failed, cancelled, lost, broken } = items;
    if (this.#rows.traitsOf(spawn.owner).settles) {
      if (phase === "open" || (failed === 0 && cancelled === 0)) return "ending";
      if (cancelled > 0) return "cancelled";
      return lost || broken ? "failing" : "ending";
    }
    if (failed > 0) return "failed";
    return cancelled > 0 ? "cancelled" : "ending";
  }

  /** A map completes, also with items that have the value of a fallback: so has the map. Or with some that have none. */
  completes({ spawn, fellBack, failed, cancelled, skipped }: Items): void {
    if (fellBack > 0) this.#ledger.fellBack.set(spawn.owner, true);
    if (failed + cancelled + skipped > 0) this.#ledger.halfDone.set(spawn.owner, true);
  }

  /** Why a map failed: the errors of its items. */
  errorOf({ spawn, failed }: Items, name: string): MapError {
    const { status, fellBack } = this.#ledger;
    const failures: FailedItem[] = [];
    for (const item of rowsOf(spawn)) {
      if ((status[item] === FAILED || status[item] === ABANDONED) && !fellBack.has(item)) {
        const index = item - spawn.first;
        failures.push({ index, key: spawn.keys?.[index], error: this.#ledger.errorOf(item) });
      }
    }
    return new MapError(`${failed} of the ${spawn.count} items of "${name}" failed`, failures);
  }

  /** Why a map was cancelled: as the first of its items that was. */
  reasonOf({ spawn }: Items): Reason {
    let { first: item } = spawn;
    while (!this.#calledOff(item)) item++;
    return this.#ledger.reasons.get(item) as Reason;
  }
}

export function* rowsOf({ first, count }: Pick<Scope, "first" | "count">): Iterable<number> {
  for (let row = first; row < first + count; row++) yield row;
}

/** It goes down, and a flow remembers what halted it first. */
function halted(scope: Scope, phase: Phase, reason: Reason): void {
  if ("haltedBy" in scope) {
    const inner = scope as Inner;
    if (scope.phase !== "closing") inner.haltedBy ??= reason;
    if (phase !== "draining") inner.stoppedBy ??= reason;
  }
  lower(scope, phase);
}

/** A scope only ever goes down. */
function lower(scope: Pick<Scope, "phase">, phase: Phase): void {
  if (PHASES.indexOf(phase) > PHASES.indexOf(scope.phase)) scope.phase = phase;
}
