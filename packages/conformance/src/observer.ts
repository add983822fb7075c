/** What every observer promises, as a suite: it is told, and neither delays, nor changes, nor spoils anything. */
import {
  after,
  type ExecutionReport,
  flow,
  flushObservers,
  map,
  type Observer,
  type Proceed,
  type RunOptions,
  task,
} from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";

type Scenario = (clock: VirtualClock) => Promise<ExecutionReport>;

const refusing = new Proxy(new Error("unreadable"), {
  get() {
    throw new Error("refuses to be read");
  },
});

/** Runs that hurt, by name. */
function scenarios(options: RunOptions): Record<string, Scenario> {
  const failing = (error: unknown) => () => {
    throw error;
  };
  return {
    "an empty run": (clock) => flow("empty", {}).run({ ...options, clock }),
    "a run of everything": (clock) => {
      const list = task("list", () => [1, 2, 3]);
      const items = map("items", list, (item) => clock.wait(item), { concurrency: 2 });
      const flaky = task("flaky", scripted(clock, { throw: "1" }, { ms: 5, throw: "2" }, {}), {
        retry: { attempts: 2, backoff: "fixed", baseMs: 10 },
      });
      const lost = task("lost", failing(new Error("lost")), { onFailure: "ignore" });
      const never = task("never", { lost }, () => 0);
      const maybe = task("maybe", { list }, () => 0, { when: () => false });
      const end = task("end", { items, _: after(flaky) }, (_, { progress }) => progress(1, "done"));
      const tail = map("tail", list, () => clock.wait(500), { concurrency: 1 });
      return flow("everything", { end, never, maybe }, { tails: { tail } }).run({
        ...options,
        clock,
      });
    },
    "a run that fails": (clock) => {
      const bad = task("bad", scripted(clock, { ms: 5, throw: "bad" }));
      const other = task("other", scripted(clock, { ms: 50 }));
      return flow("fails", { next: task("next", { bad }, () => 1), other }).run({
        ...options,
        clock,
      });
    },
    "a run that is aborted": (clock) => {
      const abort = new AbortController();
      clock.after(5, () => abort.abort(new Error("enough")));
      const long = task("long", scripted(clock, { ms: 50 }));
      return flow("aborted", { long }).run({ ...options, clock, signal: abort.signal });
    },
    "a run that takes too long, with a task that does not listen": (clock) => {
      const deaf = task("deaf", scripted(clock, { ms: 500, ignoresSignal: true }));
      const slow = task("slow", scripted(clock, { ms: 500 }), { timeoutMs: 10, retry: 1 });
      return flow("late", { deaf, slow }).run({ ...options, clock, timeoutMs: 30, graceMs: 10 });
    },
    "names and errors that nobody expects": (clock) => {
      const names = ["__proto__", "constructor", 'quote " \\ \n', "𝒳 ünï", "x".repeat(256), "{}="];
      const thrown = [null, undefined, "text", 7n, Symbol("s"), refusing];
      const tasks = names.map((name, at) => task(name, failing(thrown[at])));
      return flow('flow " \n', Object.fromEntries(tasks.map((one, at) => [`t${at}`, one]))).run({
        ...options,
        clock,
        failure: "continue",
        runId: 'run " \n',
        attributes: { tenant: "a", size: -0.5e-300, on: true },
      });
    },
  };
}

/** What a caller sees of a run, without what can differ from run to run. */
function seen(report: ExecutionReport): unknown {
  // Origins name the run.
  const { observerErrors: _, origins: __, ...rest } = report.toJSON({ outputs: true });
  return JSON.parse(
    JSON.stringify(rest, (key, value) => (key === "stack" || key === "id" ? undefined : value)),
  );
}

/** Passes everything on, and notes what the contract forbids. */
function audited(observer: Observer, offences: string[]): Observer {
  const scope = (depth: string, inner: unknown): object | undefined => {
    if (inner === undefined || inner === null) return undefined;
    return new Proxy(inner as object, {
      get(target, key) {
        const hook: unknown = Reflect.get(target, key, target);
        if (typeof hook !== "function") return hook;
        const name = `${depth}.${String(key)}`;
        if (key === "around") {
          return (proceed: Proceed) => {
            let proceeded = 0;
            const answer: unknown = hook.call(target, () => {
              proceeded++;
              proceed();
            });
            if (proceeded !== 1) offences.push(`${name} proceeded ${proceeded} times`);
            if (answer !== undefined) offences.push(`${name} returned something`);
          };
        }
        return (event: object) => {
          const answer: unknown = hook.call(target, event);
          if (key === "inject") {
            for (const [header, value] of Object.entries(event)) {
              if (typeof value !== "string") offences.push(`${name} put no string into ${header}`);
            }
          }
          if (typeof (answer as PromiseLike<unknown> | undefined)?.then === "function") {
            offences.push(`${name} returned a promise`);
          }
          return key === "task" || key === "attempt" ? scope(String(key), answer) : answer;
        };
      },
    });
  };
  return {
    name: observer.name,
    run: (event) => scope("run", observer.run?.(event)) as ReturnType<Observer["run"] & {}>,
  };
}

/** Declares the suite. `create` makes an observer for each test, as an application would for a process. */
export function testObserver(create: () => Observer): void {
  describe("As an observer it", () => {
    const names = Object.keys(scenarios({}));
    const play = (name: string, observers: readonly Observer[]): Promise<ExecutionReport> => {
      const clock = new VirtualClock();
      return clock.run((scenarios({ observers })[name] as Scenario)(clock));
    };

    it("has a name", () => {
      expect(create().name).toMatch(/\S/);
    });

    it.each(names)("commits no fault and changes nothing in %s", async (name) => {
      const report = await play(name, [create()]);
      expect(report.observerErrors ?? []).toEqual([]);
      expect(seen(report)).toEqual(seen(await play(name, [])));
    });

    it.each(names)(
      "proceeds once and at once, and answers no hook with a promise, in %s",
      async (name) => {
        const offences: string[] = [];
        await play(name, [audited(create(), offences)]);
        expect(offences).toEqual([]);
      },
    );

    it("watches many runs, one after the other and at once", async () => {
      const observer = create();
      const reports = await Promise.all([...names, ...names].map((name) => play(name, [observer])));
      expect(reports.flatMap(({ observerErrors }) => observerErrors ?? [])).toEqual([]);
    });

    it("puts only text into a carrier", async () => {
      const observer = create();
      const report = await flow("f", { one: task("one", () => 1) }).run({
        observers: [observer],
        runner(attempt) {
          for (const [key, value] of Object.entries(attempt.carrier())) {
            expect([key, typeof value]).toEqual([key, "string"]);
          }
          return attempt.run(...attempt.args, attempt.context);
        },
      });
      expect(report.executionState).toBe("completed");
      expect(report.observerErrors ?? []).toEqual([]);
    });

    it("can be flushed, before any run and after one", async () => {
      const observer = create();
      const { signal } = new AbortController();
      await observer.flush?.(signal);
      await play("a run of everything", [observer]);
      await observer.flush?.(signal);
      await flushObservers();
    });
  });
}
