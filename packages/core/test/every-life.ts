/**
 * One random chain of runs, held against what resuming promises. The outputs themselves say who made them from what, so
 * nothing of how the engine compares is known here. Throws with the promise that was broken.
 */
import {
  type ExecutionReport,
  type JournalEntry,
  reportOfJournal,
  type SerializedReport,
  type TaskStatistics,
} from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";
import { ChainDatabase } from "./chain-database.ts";
import { faultsOf, storeOf } from "./chain-store.ts";
import { hold } from "./hold.ts";
import {
  ChainGraph,
  type ChainTask,
  FELL_BACK,
  isOfFallback,
  type Life,
  type Made,
  type RandomChain,
} from "./random-chain.ts";
import { written } from "./scenario.ts";

/** What a life can be given, by name of task or item; `undefined` for what could not be stored. */
type Left = ReadonlyMap<string, Made | readonly Made[] | undefined>;

/** Every promise, held against one chain. */
export async function everyLife(chain: RandomChain): Promise<void> {
  let resumeFrom: SerializedReport | undefined;
  let left: Left = new Map();
  const log: JournalEntry[] = [];
  const cached = new Map<string, string>();
  /** By task: the last life in which it got another result that does not say so: a map put together, one found in the cache. */
  const renewed = new Map<string, number>();
  for (let number = 0; number < chain.lives.length; number++) {
    const life = chain.lives[number] as Life;
    const graph = new ChainGraph(chain, number);
    const database = new ChainDatabase(life, graph);
    const clock = new VirtualClock(Date.UTC(2026, 0, 1) + number);
    const report = await clock.run(
      graph.flow.run({
        clock,
        failure: "continue",
        // The same id all over, as for a program that names its runs.
        runId: "chain",
        params: bindings(graph, chain, life),
        journal: database.journal,
        cache: storeOf(life, cached, clock),
        ...(life.concurrency === undefined ? {} : { concurrency: life.concurrency }),
        ...(resumeFrom === undefined ? {} : { resumeFrom }),
      }),
    );
    const { killed, entries, toldAtOnce } = database;
    hold("entries are told one at a time", toldAtOnce === undefined, toldAtOnce);
    const calls = database.callsBefore ?? graph.calls;
    const restored = new Set(report.resume?.restored);
    const claims = new Claims(chain, life, graph, left, restored, report, renewed);
    for (const name of calls) claims.mayBeCalled(name);
    hold("calls are those of the report", killed || calls.length === report.totalAttempts);
    hold(
      "every value of a thing is released",
      same(graph.given, graph.released),
      graph.given,
      graph.released,
    );
    const said = report.observerErrors?.map(({ message }) => message) ?? [];
    const strange = said.find((message) => !faultsOf(life).some((fault) => fault.test(message)));
    hold("a cache says what is wrong with it, and nothing else", strange === undefined, strange);
    if (!killed) claims.onlyWhatIsReadIsStarted(report, calls);
    if (!killed) claims.failsByTasksAlone();
    for (const [name, value] of report.taskReturnSet) {
      if (!killed) claims.isRight(name, value as Made | Made[], report.taskReturnSet);
    }
    if (!killed) claims.isTold(entries);
    for (const entry of entries) {
      const name = String(entry.task);
      const gathered = Array.isArray((entry.output as { value?: unknown } | undefined)?.value);
      const found = isFound(entry, number) && claims.isCached(name);
      if ((gathered || found) && !restored.has(name)) renewed.set(name, number);
    }
    // With a journal of its own, what the runs before it told is thrown away.
    if (life.leaves === "own journal") log.length = 0;
    log.push(...entries.map((entry) => ({ ...entry, life: number })));
    // A report is there only when the process ends by itself.
    const reported = life.leaves === "report" && !killed;
    resumeFrom = reported ? written(report) : reportOfJournal(log);
    left = reported ? leftBy(resumeFrom) : toldBy(log);
  }
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());
}

function bindings(graph: ChainGraph, { tasks }: RandomChain, { params }: Life) {
  // A thing that nobody reads is no task of the flow.
  const planned = new Set(graph.flow.plan().tasks.map(({ name }) => name));
  return (["a", "b"] as const)
    .filter((which) => tasks.some((one, at) => planned.has(`t${at}`) && one.params.includes(which)))
    .map((which) => graph[which].of(params[which]));
}

function toldBy(entries: readonly JournalEntry[]): Left {
  const left = new Map<string, Made | readonly Made[] | undefined>();
  for (const entry of entries) {
    const { type, task, output, origin, life } = entry;
    if (type !== "completed") continue;
    const { value } = output as { value?: Made };
    // What the cache gave of something that went on without a result cannot be restored, as that cannot.
    const lost = isFound(entry, life as number) && origin === undefined;
    left.set(String(task), lost ? undefined : value);
  }
  return left;
}

/** Whether a life was told of a result that another one had made. */
function isFound({ output }: JournalEntry, life: number): boolean {
  const { value } = (output ?? {}) as { value?: Made | Made[] };
  const [first] = [value ?? []].flat();
  return first !== undefined && !first.by.endsWith(`in ${life}`);
}

function leftBy({ outputs = {} }: SerializedReport): Left {
  const left = new Map<string, Made | readonly Made[] | undefined>();
  for (const name of Object.keys(outputs))
    left.set(name, (outputs[name] as { value?: Made }).value);
  return left;
}

/** The life in which it was made. */
function lifeOf(made: Made | readonly Made[]): number {
  const [first] = [made].flat() as Made[];
  return Number(/ in (\d+)$/.exec(first?.by ?? "")?.[1]);
}

type SerializedRows = Pick<SerializedReport, "taskStatistics">;

function isUnneeded({ status, reason }: SerializedReport["taskStatistics"][number]): boolean {
  return status === "skipped" && reason?.kind === "condition";
}

/** What may be called in one life, and what its outputs must be. */
class Claims {
  readonly #chain: RandomChain;
  readonly #life: Life;
  readonly #graph: ChainGraph;
  readonly #left: Left;
  readonly #restored: ReadonlySet<string>;
  readonly #rows: ReadonlyMap<string, TaskStatistics>;
  readonly #renewed: ReadonlyMap<string, number>;
  readonly #report: Pick<ExecutionReport, "executionState" | "failedTasks" | "abandonedTasks">;

  constructor(
    chain: RandomChain,
    life: Life,
    graph: ChainGraph,
    left: Left,
    restored: ReadonlySet<string>,
    report: ExecutionReport<unknown>,
    renewed: ReadonlyMap<string, number>,
  ) {
    this.#renewed = renewed;
    this.#report = report;
    this.#rows = new Map(report.toJSON().taskStatistics.map((row) => [row.taskName, row]));
    this.#chain = chain;
    this.#life = life;
    this.#graph = graph;
    this.#left = left;
    this.#restored = restored;
  }

  /** Nothing that was stored is called again, unless it would be made from something else now. */
  mayBeCalled(name: string): void {
    const stored = this.#left.get(name) as Made | undefined;
    if (stored === undefined) return;
    const { at, one, planned } = this.#declared(name);
    const sources = this.#graph.reads.get(planned) as readonly string[];
    const excused =
      stored.version !== this.#graph.versionOf(at) ||
      one.params.some((which) => stored.params[which] !== this.#life.params[which]) ||
      sources.some((source) => !this.#stands(source)) ||
      // A map that was put together since is another result, though its items are those of before; and what the cache gave
      // is a result of the run that found it, whoever made it: what was made of it before is not made of that.
      sources.some((source) => this.#renewedIn(source) > lifeOf(stored)) ||
      sources.some((source) => {
        const made = this.#graph.made.get(source);
        // A map without items does not say which run made it; a thing that nobody needs is not made.
        if (this.#graph.things.has(source)) {
          // One that was made without a result would have to be made without it again, which nobody stores.
          if (stored.saw[source]?.includes(":null")) return true;
          // What one that could not be called would have been made from is not seen here.
          if (!this.#graph.calls.includes(source)) return true;
          const meant = this.#graph.meant.get(source);
          // Items are judged when it is known whether it gave a result this time.
          if (stored.item !== undefined && this.#graph.made.get(source) !== meant) return true;
          return meant === undefined ? stored.saw[source] === null : stored.saw[source] !== meant;
        }
        return made === "[]" || stored.saw[source] !== made;
      });
    hold("what was stored is not called again", excused, name, stored);
  }

  /** It is restored; or it is a thing, and what that is made from is what it was made from before. */
  #stands(source: string): boolean {
    if (!this.#graph.things.has(source)) return this.#restored.has(source);
    const sources = this.#graph.reads.get(source) as readonly string[];
    return sources.every((one) => this.#stands(one));
  }

  /** The last life in which it, or what a thing is made from, became another result. */
  #renewedIn(source: string): number {
    const own = this.#renewed.get(source) ?? -1;
    if (!this.#graph.things.has(source)) return own;
    const sources = this.#graph.reads.get(source) as readonly string[];
    return Math.max(own, ...sources.map((one) => this.#renewedIn(one)));
  }

  isCached(name: string): boolean {
    return this.#declared(name).one.cached;
  }

  /** Whether all that it is made from are results: what it went on without would have to be so again, which nobody stores. */
  #isMadeOfResults(planned: string): boolean {
    const sources = this.#graph.reads.get(planned) as readonly string[];
    return sources.every((source) => {
      const { status } = this.#rows.get(source) ?? {};
      const made = status === "completed" || status === "restored";
      return made && (!this.#graph.things.has(source) || this.#isMadeOfResults(source));
    });
  }

  /** Whatever the cache does, it is tasks that fail a run, and only those that say so. */
  failsByTasksAlone(): void {
    const { tasks, lives } = this.#chain;
    const number = lives.indexOf(this.#life);
    const fails = tasks.some(({ failsIn }) => failsIn.includes(number));
    const { executionState } = this.#report;
    hold("nothing but a task fails a run", fails || executionState === "completed", executionState);
  }

  /** What the cache gave is told to the journal as a result of this run. */
  isTold(entries: readonly JournalEntry[]): void {
    const told = new Map(entries.map((entry) => [entry.task, entry]));
    for (const { taskName, source, status, kind } of this.#rows.values()) {
      if (source !== "cache") continue;
      hold("what was found is restored", status === "restored" && kind !== "map", taskName, status);
      hold("what was found is told", told.has(taskName), taskName);
      const { one, planned } = this.#declared(taskName);
      const known = told.get(taskName)?.origin !== undefined;
      const stands = known === this.#isMadeOfResults(planned);
      hold("what was found is told with the results that it is made from", stands, taskName);
      hold("what was found was to be cached", one.cached, taskName);
      hold("what was found is not called", !this.#graph.calls.includes(taskName), taskName);
    }
  }

  /** A thing is called when somebody reads it who is not restored, and for nobody else. */
  onlyWhatIsReadIsStarted({ taskStatistics }: SerializedRows, calls: readonly string[]): void {
    const called = new Set(calls);
    for (const row of taskStatistics) {
      const { taskName, status } = row;
      if (!this.#graph.things.has(taskName)) continue;
      const readers = taskStatistics.filter(({ dependencies }) =>
        dependencies.some(({ task }) => task === taskName),
      );
      // What the cache is asked for must be given first.
      const needed = readers.some(
        (reader) =>
          (reader.status !== "restored" || reader.source === "cache") && !isUnneeded(reader),
      );
      const unneeded = isUnneeded(row);
      hold("a thing that is read is not left out", needed !== unneeded, taskName, status);
      hold("a thing that is left out is not called", !unneeded || !called.has(taskName), taskName);
      hold("a thing is never restored", status !== "restored", taskName);
    }
  }

  /** An output was made from what the run has and was given, by this version of its task. */
  isRight(name: string, value: Made | Made[], all: ReadonlyMap<string, unknown>): void {
    const { at, one, planned } = this.#declared(name);
    for (const made of Array.isArray(value) ? value : [value]) {
      if (isOfFallback(made)) {
        hold("what a fallback gave is not restored", !this.#restored.has(name), name, made);
        continue;
      }
      const { rows, when } = made;
      const is = when instanceof Date ? when.getTime() : 0;
      hold("it is as it was made", is === rows.length, name, made);
      hold("the version is right", made.version === this.#graph.versionOf(at), name, made);
      for (const which of one.params) {
        hold("parameters are right", made.params[which] === this.#life.params[which], name, made);
      }
      for (const source of this.#graph.reads.get(planned) as readonly string[]) {
        // A key holds what a call is given, and nothing else.
        const now = all.has(source) ? this.#graph.made.get(source) : null;
        const failed = now?.includes(FELL_BACK) === true;
        if (this.#isFound(name, made) && this.#comesAfter(planned, source, failed)) continue;
        // One that nobody needs is not there.
        // Who has taken over what one gave before is not concerned when it fails this time, or what it is made from does.
        if (this.#graph.things.has(source) && (now === null || now?.includes(":null"))) continue;
        // Nor does one that is started for others, and falls back, change what was made before.
        const fellBack = this.#graph.things.has(source) && now?.includes(FELL_BACK) === true;
        if (fellBack && this.#restored.has(name)) continue;
        hold("it was made from what there is", made.saw[source] === now, name, made.saw, now);
      }
      if (made.item === undefined) continue;
      const [item, index] = made.item;
      const [first] = this.#graph.reads.get(planned) as readonly [string];
      if (!all.has(first) || (this.#graph.things.has(first) && this.#restored.has(name))) continue;
      const list = [all.get(first) as Made | Made[]].flat().flatMap(({ rows }) => rows);
      hold("the item is right", list[index] === item, name, made.item, list);
    }
  }

  /** Whether a result, or one of a map's, was in the cache of this run or of one before, by which it was restored. */
  #isFound(name: string, { by }: Made): boolean {
    const { one } = this.#declared(name);
    return one.cached && !by.endsWith(`in ${this.#chain.lives.indexOf(this.#life)}`);
  }

  /**
   * Whether a call is given nothing of it: the two only come in that order, or an item is all that it is given of its list, or
   * the error of what `failed` and fell back.
   */
  #comesAfter(planned: string, source: string, failed: boolean): boolean {
    const { at, one } = this.#declared(planned);
    const isMap = one.kind === "map" && at > 0;
    return one.edges.every(
      ({ from, kind }, edge) =>
        `t${Math.floor(from * at)}` !== source ||
        kind === "after" ||
        (kind === "settled" && failed) ||
        (isMap && edge === 0),
    );
  }

  #declared(name: string): { at: number; one: ChainTask; planned: string } {
    const [planned = name] = name.split("[");
    const at = Number(planned.slice(1));
    return { at, one: this.#chain.tasks[at] as ChainTask, planned };
  }
}
