/**
 * The run machine: one passage through a plan. Events go in, commands come out; it is synchronous and deterministic,
 * reads no clock, awaits nothing, calls no code of the user and knows no promise, signal or observer. It joins the rooms
 * of this folder, which say what an event means and who starts, and says when the run settles. `for (const command of
 * run.handle(event)) obey(command)` is all that a driver does.
 */

import type { GraphPlan } from "../define/plan.ts";
import { Arrivals } from "./arrivals.ts";
import { Attempts, type Verdict } from "./attempts.ts";
import { Bounds } from "./bounds.ts";
import { Deadlines } from "./deadlines.ts";
import { Edges } from "./edges.ts";
import type {
  BeginEvent,
  Command,
  DisposedEvent,
  ExpiredEvent,
  InnerFlow,
  MachineEvent,
  PreparedEvent,
  ReturnedEvent,
  ThrewEvent,
} from "./event.ts";
import { Fallbacks } from "./fallbacks.ts";
import { Flows } from "./flows.ts";
import { Ledger } from "./ledger.ts";
import type { Machine, RunSettings, RunState } from "./machine.ts";
import { Maps } from "./maps.ts";
import { Owners } from "./owners.ts";
import { Precedence } from "./precedence.ts";
import { Propagation } from "./propagation.ts";
import { reasonOf } from "./reason.ts";
import { limits, Room } from "./room.ts";
import { Rows } from "./rows.ts";
import type { Inner } from "./scope.ts";
import { Scopes } from "./scopes.ts";
import { Starts } from "./starts.ts";
import { BETWEEN, INSIDE, RESTORED } from "./states.ts";
import { Stops } from "./stops.ts";
import { type Answer, Tasks } from "./tasks.ts";
import { Things } from "./things.ts";
import { Turn } from "./turn.ts";

export class Run implements Machine {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  readonly #turn: Turn = new Turn();
  readonly #rows: Rows;
  readonly #tasks: Tasks;
  readonly #attempts: Attempts;
  readonly #scopes: Scopes;
  readonly #maps: Maps;
  readonly #flows: Flows;
  readonly #bounds: Bounds;
  readonly #edges: Edges;
  readonly #room: Room;
  readonly #fallbacks: Fallbacks;
  readonly #deadlines: Deadlines;
  readonly #propagation: Propagation;
  readonly #stops: Stops;
  readonly #owners: Owners;
  readonly #starts: Starts;
  readonly #arrivals: Arrivals;
  readonly #things: Things;

  constructor(plan: GraphPlan, settings: RunSettings = {}) {
    const { graph } = plan;
    const { observed = false, failure } = settings;
    const ledger = new Ledger(graph.size);
    const rows = new Rows(plan, ledger);
    const turn = this.#turn;
    const tasks = new Tasks(ledger, turn, observed, (task, more) =>
      this.#flows.lingers(task, more),
    );
    const attempts = new Attempts(rows, ledger, turn, observed);
    const scopes = new Scopes(rows, ledger, graph, failure);
    const flows = new Flows(rows, ledger, scopes, graph);
    const edges = new Edges(graph, ledger, turn, tasks);
    const bounds = new Bounds(ledger, turn, observed);
    const fallbacks = new Fallbacks(rows, ledger, turn, tasks);
    const things = new Things(graph, { rows, ledger, turn, scopes }, observed);
    const maps = new Maps(rows, ledger, scopes);
    const parts = { plan, ledger, turn, rows, tasks, attempts, scopes, maps, flows, edges };
    const ends = { ...parts, bounds, fallbacks, things };
    const propagation = new Propagation(ends, settings, (items) => this.#owners.itemsEnded(items));
    const stops = new Stops({ ...ends, propagation }, settings);
    const owners = new Owners({ ...ends, propagation, stops });
    const limited = limits(settings);
    const order = limited ? new Precedence(plan, ledger, settings) : undefined;
    const room = new Room(rows, ledger, turn, settings, order);
    const starts = new Starts({ ...parts, owners, stops, room }, limited);
    this.plan = plan;
    this.ledger = ledger;
    this.#rows = rows;
    this.#tasks = tasks;
    this.#attempts = attempts;
    this.#scopes = scopes;
    this.#maps = maps;
    this.#flows = flows;
    this.#edges = edges;
    this.#bounds = bounds;
    this.#fallbacks = fallbacks;
    this.#deadlines = new Deadlines(rows, ledger, turn, tasks);
    this.#things = things;
    this.#propagation = propagation;
    this.#stops = stops;
    this.#owners = owners;
    this.#room = room;
    this.#starts = starts;
    this.#arrivals = new Arrivals(
      { ...parts, bounds, room, propagation, owners, starts },
      observed,
    );
  }

  get state(): RunState | undefined {
    return this.#bounds.state;
  }

  get detached(): ReadonlySet<number> {
    return this.#bounds.detached;
  }

  handle(event: MachineEvent): readonly Command[] {
    this.#turn.begin(event.at);
    switch (event.type) {
      case "started":
      case "placed":
      case "logged":
        this.#attempts.note(event);
        return this.#turn.commands;
      case "unheard":
        this.#things.unheard(event.task);
        return this.#turn.commands;
      case "disposed":
        this.#disposed(event);
        break;
      case "lost":
        if (this.#things.lost(event)) this.#stops.lose(event.task, event.error);
        break;
      case "returned":
        this.#returned(event, this.#attempts.ended(event, false));
        break;
      case "skipped":
      case "abandon":
        this.#attemptEnded(event.task, this.#attempts.ended(event, false));
        break;
      case "threw":
        // Before it is known what that means for the task: no map goes on with a result that could not be kept.
        if (event.stops !== undefined) {
          this.#scopes.halt(this.#scopes.run, "stopped", reasonOf(event.stops));
        }
        this.#attemptEnded(
          event.task,
          this.#attempts.ended(event, this.#mayGoAgain(event)),
          event.stops !== undefined,
        );
        if (event.stops !== undefined) this.#stops.stop(event.stops);
        break;
      case "expired":
        this.#expired(event);
        break;
      case "prepared":
        this.#answered(event, this.#tasks.answered(event));
        break;
      case "forsake":
        this.#tasks.forsake(event.task);
        break;
      case "mustered":
        this.#starts.mustered();
        break;
      case "elapsed":
        this.#goOn(event.task, this.#deadlines.elapsed(event.task));
        break;
      case "permit":
        this.#endOverdue();
        this.#room.granted(event);
        break;
      case "denied":
        this.#starts.denied(event);
        break;
      case "gathered":
        this.#owners.gathered(event);
        break;
      case "iterated":
        if (this.#owners.iterated(event))
          this.#arrivals.enter(event.task, event.inner as InnerFlow);
        break;
      case "fellBack":
        this.#stops.fellBack(event);
        break;
      case "cancel":
        if (!this.#bounds.isEarly(event)) this.#stops.cancel(event.task, event.reason);
        break;
      case "stop":
        if (!this.#bounds.isEarly(event)) this.#stops.stop(event.cause);
        break;
      case "begin":
        this.#begin(event);
        break;
    }
    this.#endOverdue();
    // The answer comes before anything else: a map whose result was not kept stops the run.
    if (this.#owners.ending === 0 && !this.#fallbacks.due) this.#proceed();
    this.#bounds.closeWhen(this.#scopes.run.open.tails === 0 && this.#tasks.idle);
    return this.#turn.commands;
  }

  awaitsNext(task: number): boolean {
    return this.ledger.status[task] === BETWEEN && this.#scopes.mayStart(task);
  }

  awaitsInputs(task: number): boolean {
    return this.#tasks.awaitsInputs(task);
  }

  mayComplete(task: number): boolean {
    return this.#attempts.mayComplete(task);
  }

  mayRetry(task: number): boolean {
    const { retries } = this.#rows.traitsOf(task);
    return this.#scopes.mayStart(task) && this.#attempts.mayRetry(task, retries);
  }

  isExpired(task: number): boolean {
    return this.#attempts.isExpired(task);
  }

  claimOf(task: number): number | undefined {
    return this.#room.claimOf(task);
  }

  lossOf(task: number): Error | undefined {
    return this.#attempts.lossOf(task);
  }

  /** With the last of them a flow may be over. */
  #disposed(event: DisposedEvent): void {
    const inner = this.#things.disposed(event, this.state !== undefined);
    if (inner !== undefined) this.#flows.mayEnd(inner);
  }

  #begin({ restored, unneeded = [] }: BeginEvent): void {
    const propagation = this.#propagation;
    const stops = this.#stops;
    // What is inside of a task comes before it: nothing of that is ruled out by its end.
    const rows = restored === undefined ? [] : [...restored.keys()].sort((a, b) => a - b);
    for (const task of rows) propagation.finish(task, RESTORED);
    for (const thing of unneeded) propagation.unneeded(thing);
    for (const [task, reason] of this.#bounds.calledOffBefore) stops.cancel(task, reason);
    const stopped = this.#bounds.begin();
    if (stopped === undefined) this.#edges.begin();
    else stops.stopBefore(stopped);
  }

  // ---- what an end or an answer means ------------------------------------------------------------------------------

  #attemptEnded(task: number, verdict: Verdict | undefined, broken = false): void {
    if (verdict === undefined) return;
    const spends = this.#room.spends(task);
    if (verdict === "again" && !spends) {
      // What it holds stays with the task.
      this.#attempts.reopen(task);
      return;
    }
    this.#room.give(task);
    if (verdict === "later") this.#deadlines.delay(task);
    // What it spends, it must wait for: without its slot.
    else if (verdict === "again") this.#goOn(task, this.#deadlines.queueAgain(task));
    else this.#stops.conclude(task, verdict, broken);
  }

  /** Whether the attempt that has failed may be followed by the one that is wanted. */
  #mayGoAgain(event: ThrewEvent): boolean {
    return this.#scopes.mayStart(event.task) && this.#deadlines.allows(event);
  }

  #expired(event: ExpiredEvent): void {
    const { task, limitMs, scope } = event;
    if (scope === "task" && this.#owners.expire(event)) return;
    if (this.#deadlines.expired(event)) this.#stops.conclude(task, "failing");
    else this.#attempts.ask(task, { kind: "expired", limitMs, scope });
  }

  /** Who waits for an attempt that could only begin after its deadline begins none. */
  #endOverdue(): void {
    const deadlines = this.#deadlines;
    for (let task = deadlines.passed(); task !== undefined; task = deadlines.passed()) {
      this.#stops.conclude(task, "failing");
    }
  }

  /** What a task has returned may be a flow, which comes up inside of it once the attempt has given back what it held. */
  #returned({ task, inner, storing }: ReturnedEvent, verdict: Verdict | undefined): void {
    if (verdict === "completed" && storing) {
      this.#room.give(task);
      this.#owners.stores(task);
    } else if (verdict !== "completed" || inner === undefined) this.#attemptEnded(task, verdict);
    else {
      this.#room.give(task);
      if (this.#scopes.mayStart(task)) this.#arrivals.enter(task, inner);
      else this.#owners.refuse(task);
    }
  }

  #answered(event: PreparedEvent, answer: Answer | undefined): void {
    if (answer === "inside") {
      if (event.inner === undefined) this.#arrivals.list(event);
      else this.#arrivals.enter(event.task, event.inner);
      return;
    }
    if (event.amounts !== undefined && answer === "queued") {
      this.#room.compute(event.task, event.amounts, 0);
    }
    const inside = answer === "queued" ? this.#scopes.inside(event.task) : undefined;
    if (inside === undefined) this.#goOn(event.task, answer);
    else {
      this.#tasks.become(event.task, INSIDE);
      this.#flows.open(inside as Inner);
      this.#edges.openInside(inside);
    }
  }

  #goOn(task: number, answer: Exclude<Answer, "inside"> | undefined): void {
    if (answer === "queued") this.#starts.enqueue(task);
    else if (answer !== undefined) this.#stops.conclude(task, answer);
  }

  // ---- who starts --------------------------------------------------------------------------------------------------

  /** Who was let in or released starts or queues, who fits starts, and the run settles when nobody is left. */
  #proceed(): void {
    if (this.#scopes.nests && this.#bounds.begun && !this.#endFlows()) return;
    if (this.#maps.letsIn) this.#starts.startItems();
    const { open, phase } = this.#scopes.run;
    const ended = open.main === 0 && this.#bounds.open && this.#tasks.idle;
    this.#starts.takeReleased();
    if (ended && phase !== "closing") {
      this.#scopes.close(this.#scopes.run);
      if (open.finally > 0) this.#turn.cause = this.#scopes.lastToEnd();
      this.#edges.openGate(this.plan.graph.finallyTasks);
      this.#starts.takeReleased();
      // A finally task may have a flow inside of which nothing is left to do.
      if (this.#scopes.nests && !this.#endFlows()) return;
    }
    this.#starts.fill();
    const { alive, failed } = this.#things;
    if (ended && open.finally === 0 && alive === 0) {
      const broken = failed || this.#scopes.run.failed > 0;
      this.#bounds.settle(broken, this.#propagation.openTails());
    }
  }

  /** What is inside of a task may be over, and say what became of it. Whether nothing has to be stored first. */
  #endFlows(): boolean {
    for (;;) {
      // Those that were released before are no dependents of what ends now.
      this.#starts.takeReleased();
      const inner = this.#flows.mayEndAny ? this.#flows.nextDone() : undefined;
      if (inner === undefined) return true;
      this.#owners.flowEnded(inner);
      if (this.#owners.ending > 0) return false;
    }
  }
}
