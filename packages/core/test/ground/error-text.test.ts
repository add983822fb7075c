import { once } from "node:events";
import { type AddressInfo, createServer, connect as open } from "node:net";
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import {
  flow,
  map,
  NonRetryableError,
  type RunError,
  type RunOptions,
  serializeError,
  settled,
  summarizeError,
  type Task,
  TimeoutError,
  task,
  value,
} from "../../src/index.ts";
import { recorded, replay, scripted, VirtualClock } from "../../src/testing.ts";
import { Diary, row } from "../scenario.ts";

/** A port at which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error("It did not fail");
    },
    (error: Error) => error,
  );
}

/** What a chain of errors says, the outermost first. */
function chain(...messages: readonly string[]): Error {
  return messages.reduceRight<Error | undefined>(
    (cause, message) => new Error(message, cause === undefined ? undefined : { cause }),
    undefined,
  ) as Error;
}

const aggregate = (errors: readonly unknown[], message?: string): AggregateError =>
  new AggregateError(errors, message);

/** An error with fields that errors seldom have. */
const odd = (fields: object, message = ""): Error => Object.assign(new Error(message), fields);

describe("What an error says in one line", () => {
  describe("of the runtime, when nothing listens", () => {
    let port: number;
    beforeAll(async () => {
      port = await closedPort();
    });

    it("is what each address said, though the AggregateError itself says nothing", async () => {
      const addresses = [
        { address: "::1", family: 6 },
        { address: "127.0.0.1", family: 4 },
      ];
      const socket = open({
        host: "nowhere.invalid",
        port,
        lookup: (_host, _options, done) => done(null, addresses as never),
      });
      const [error] = (await once(socket, "error").catch((thrown) => [thrown])) as [Error];
      expect(error.message).toBe("");
      // A machine without IPv6 has another code for the first.
      expect(summarizeError(error)).toMatch(
        new RegExp(`^connect E[A-Z]+ ::1:${port}.*; connect ECONNREFUSED 127\\.0\\.0\\.1:${port}$`),
      );
    });

    it("is the cause of `fetch failed`", async () => {
      const error = await rejection(fetch(`http://127.0.0.1:${port}`));
      expect(error.message).toBe("fetch failed");
      expect(summarizeError(error)).toBe(`fetch failed: connect ECONNREFUSED 127.0.0.1:${port}`);
    });

    it("is what each promise of `Promise.any` said", async () => {
      const error = await rejection(
        Promise.any([Promise.reject(new Error("no mirror")), Promise.reject(new Error("no host"))]),
      );
      expect(summarizeError(error)).toBe("All promises were rejected: no mirror; no host");
    });
  });

  it.each<[what: string, error: unknown, said: string]>([
    ["its message", new Error("boom"), "boom"],
    ["its causes down to the root", chain("load", "read", "EACCES"), "load: read: EACCES"],
    ["nothing twice", chain("load failed: EACCES", "EACCES"), "load failed: EACCES"],
    ["a word that is only part of another one", chain("fetch failed", "a"), "fetch failed: a"],
    ["the causes of members", aggregate([chain("a", "b"), chain("c", "d")]), "a: b; c: d"],
    [
      "members of a cause",
      odd({ cause: aggregate([chain("x"), chain("y")]) }, "down"),
      "down: x; y",
    ],
    ["members that a message names", aggregate([chain("x")], "it was x"), "it was x"],
    [
      "no count of what is said",
      aggregate(
        [..."xyzuv"].map((x) => chain(x)),
        "x y z",
      ),
      "x y z",
    ],
    ["what a message leaves out beside it", aggregate([chain("x"), chain("y")], "x"), "x; y"],
    ["its name when it says nothing", odd({ name: "Quit" }), "Quit"],
    ["its code when it says nothing", odd({ code: "ECONNRESET" }), "Error (ECONNRESET)"],
    ["an aggregate of nothing", aggregate([]), "AggregateError"],
    ["a cause that is a text", odd({ cause: "gone" }, "down"), 'down: "gone"'],
    ["a cause that is a number", odd({ cause: 7 }, "down"), "down: 7"],
    ["no cause that is null", odd({ cause: null }, "down"), "down"],
    ["no line break", new Error("Expected:\n\n  1 !== 2\n"), "Expected: 1 !== 2"],
    ["two lines as two", new Error("A is missing\nB is missing"), "A is missing; B is missing"],
    ["a broken sentence as one", new Error("cannot go\r\n  on with it"), "cannot go on with it"],
    ["a text that was thrown", "boom", '"boom"'],
    ["undefined", undefined, "undefined"],
    ["an error of another shape", { message: "boom", cause: { message: "why" } }, "boom: why"],
  ])("is %s", (_, error, said) => {
    expect(summarizeError(error)).toBe(said);
  });

  it("tells three of ten thousand members, and how many more there are", () => {
    const members = Array.from({ length: 10_000 }, (_, index) => new Error(`no ${index}`));
    expect(summarizeError(aggregate(members))).toBe("no 0; no 1; no 2; and 9997 more");
    // Of a serialised one only fifty are left.
    expect(summarizeError(serializeError(aggregate(members)))).toBe(
      "no 0; no 1; no 2; and at least 47 more",
    );
  });

  it("never leaves out the root, however long the chain and its messages", () => {
    const names = Array.from({ length: 300 }, (_, index) => `step ${index}`);
    expect(summarizeError(chain(...names))).toBe(
      "step 0: step 1: step 2: step 3: step 4: step 5: step 6: …: step 299",
    );
    const long = summarizeError(chain("x".repeat(5_000_000), "y".repeat(5_000_000), "EACCES"));
    expect(long.length).toBeLessThanOrEqual(1000);
    expect(long).toMatch(/^x{400,}…: y{400,}…: EACCES$/);
  });

  it("has room for the root in whatever length is asked for", () => {
    const error = aggregate([chain("x".repeat(500), "y".repeat(500), "EACCES")], "z".repeat(500));
    for (const length of [1000, 300, 160, 80]) {
      const said = summarizeError(error, length);
      expect(said.length).toBeLessThanOrEqual(length);
      expect(said).toMatch(/^z+…: x+…: y+…: EACCES$/);
    }
  });

  it("ends where a circle closes, in causes and in members", () => {
    const a = new Error("a");
    const b = new Error("b", { cause: a });
    a.cause = b;
    expect(summarizeError(a)).toBe("a: b");
    const all = aggregate([a]);
    all.errors.push(all);
    expect(summarizeError(all)).toBe("a: b; AggregateError");
  });

  it("never throws, however hostile the error", () => {
    const no = (): never => {
      throw new Error("no");
    };
    const refuses = { get: no, getPrototypeOf: no, has: no, ownKeys: no };
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    for (const hostile of [
      new Proxy({}, refuses),
      new Proxy(new Error("x"), refuses),
      revoked.proxy,
      odd({ errors: revoked.proxy }, "x"),
      odd({ errors: new Proxy([1, 2], refuses) }, "x"),
      odd({ errors: { length: 3 } }, "x"),
      Object.defineProperty(new Error("x"), "message", { get: no }),
      Object.defineProperty(new Error("x"), "cause", { get: no }),
      Object.defineProperty(new Error(""), "name", { get: no }),
      odd({ name: 7, message: 8, code: {} }),
    ]) {
      expect(summarizeError(hostile)).not.toBe("");
    }
  });

  it("takes no time for aggregates of aggregates", () => {
    let reads = 0;
    const nested = (depth: number): unknown =>
      Object.defineProperty(aggregate([]), "errors", {
        get() {
          reads++;
          return Array.from({ length: 50 }, () => (depth === 0 ? chain("a") : nested(depth - 1)));
        },
      });
    summarizeError(nested(6));
    expect(reads).toBeLessThan(200);
    reads = 0;
    serializeError(nested(6));
    expect(reads).toBeLessThan(2000);
  });

  const leaf = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(undefined, null, 7, true));
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc
        .record({
          message: fc.string({ unit: "binary", maxLength: 3000 }),
          cause: tie("tree"),
          errors: fc.option(fc.array(tie("tree"), { maxLength: 50 }), { nil: undefined }),
        })
        .map(({ message, cause, errors }) =>
          Object.assign(
            errors === undefined ? new Error(message) : aggregate(errors, message),
            cause === undefined ? {} : { cause },
          ),
        ),
    ),
  }));

  test("is one line of at most 1,000 characters, whatever the tree of errors", () => {
    fc.assert(
      fc.property(tree, (error) => {
        const said = summarizeError(error);
        expect(said.length).toBeLessThanOrEqual(1000);
        expect(said).not.toMatch(/[\r\n\u2028\u2029]/);
        expect(said).not.toBe("");
        const shorter = summarizeError(error, 100);
        expect(shorter.length).toBeLessThanOrEqual(100);
      }),
      { seed: 20_260_101 },
    );
  });

  test("is the same of the error and of its serialised form", () => {
    fc.assert(
      fc.property(tree, (error) => {
        expect(summarizeError(serializeError(error))).toBe(summarizeError(error));
      }),
      { seed: 20_260_101 },
    );
  });
});

describe("The summary of a failed run", () => {
  const fails = (error: unknown) => () => {
    throw error;
  };
  const summaryOf = async (
    work: Task<unknown>,
    options: RunOptions = {},
  ): Promise<readonly string[]> =>
    (await flow("f", { work }).run({ failure: "continue", ...options })).errorSummary;

  it("says why, when the error itself does not", async () => {
    const refused = aggregate([
      new Error("connect ECONNREFUSED ::1:5432"),
      new Error("connect ECONNREFUSED 127.0.0.1:5432"),
    ]);
    const said = "connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432";
    const report = await flow("f", { db: task("db", fails(refused)) }).run();
    expect(report.errorSummary).toEqual([`Task "db" failed: ${said}`]);
    expect(() => report.unwrap()).toThrow(`The run failed:\n  Task "db" failed: ${said}`);
    expect(row(report, "db").attemptStatistics[0]?.errorMessage).toBe(said);
  });

  it("names no task twice, whoever wrote the error", async () => {
    const list = task("list", () => ({ rows: 1 }));
    const nothing = {
      "~standard": { version: 1, vendor: "us", validate: () => ({ issues: [{ message: "no" }] }) },
    } as const;
    const cases: readonly [Task<unknown>, string][] = [
      [task("a", fails("text")), 'Task "a" failed: threw "text"'],
      [task("a", fails({ message: "like one" })), 'Task "a" failed: threw an object: like one'],
      [task("a", fails(new Error('Task "a" is tired'))), 'Task "a" failed: is tired'],
      [task("a", fails(new Error("x")), { retry: 2 }), 'Task "a" failed after 3 attempts: x'],
      [
        task("a", () => 1, { output: nothing }),
        'Task "a" failed: output does not match its schema: no',
      ],
      [
        map("a", list as never, () => 1),
        'Map "a" needs an array or another iterable to map over, got an object',
      ],
      [
        task("a", { list }, () => 1, { when: () => "yes" as never }),
        'The condition of task "a" must return true, false or { skip: "why" }, or a promise of that, got "yes"',
      ],
    ];
    for (const [work, line] of cases) {
      const summary = await summaryOf(work);
      expect(summary).toEqual([line]);
      expect(line.split('"a"')).toHaveLength(2);
    }
  });

  it("tells the items of a map that failed, and not the map", async () => {
    const list = task("list", () => [0, 1, 2]);
    const items = map("m", list, (item) => {
      if (item > 0) throw new Error(`no ${item}`);
    });
    expect(await summaryOf(items)).toEqual([
      'Task "m[1]" failed: no 1',
      'Task "m[2]" failed: no 2',
    ]);
  });

  it("tells a run inside of a task as sentences, not as one that runs on", async () => {
    const deep = flow("deep", {
      x: task("x", fails(chain("deep", "root"))),
      y: task("y", fails(new Error("too"))),
    });
    const outer = task("outer", async () => (await deep.run({ failure: "continue" })).unwrap());
    expect(await summaryOf(outer)).toEqual([
      'Task "outer" failed: The run failed: Task "x" failed: deep: root; Task "y" failed: too',
    ]);
  });

  it("tells the error of a cleanup beside the task's own", async () => {
    const work = task("a", (_, { defer }) => {
      defer(() => {
        throw new Error("cannot unlock");
      });
      throw new Error("boom");
    });
    expect(await summaryOf(work)).toEqual(['Task "a" failed: boom; cannot unlock']);
  });

  it("says who went on after the run was stopped, and so made it late", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const bad = task("bad", diary.task({ ms: 10, throw: "boom" }));
    const deaf = task("deaf", diary.task({ ms: 400, deaf: true }));
    const less = task("less", diary.task({ ms: 200, deaf: true }));
    const soon = task("soon", diary.task({ ms: 30, deaf: true }));
    const report = await clock.run(flow("f", { bad, deaf, less, soon }).run({ clock }));
    expect(report.totalDurationMs).toBe(400);
    expect(report.errorSummary).toEqual([
      'Task "bad" failed: boom',
      'Task "deaf" went on for 390 ms after it was asked to stop, and 1 more for less',
    ]);
  });

  it("says who was abandoned", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const tasks = { a: 1, b: 2, c: 3 };
    const roots = Object.fromEntries(
      Object.keys(tasks).map((name) => [name, task(name, diary.task({ ms: 9000, deaf: true }))]),
    );
    const report = await clock.run(flow("f", roots).run({ clock, timeoutMs: 100, graceMs: 50 }));
    expect(report.totalDurationMs).toBe(150);
    expect(report.errorSummary).toEqual([
      'The run took longer than 100 ms (running then: "a", "b", "c")',
      'Task "a" had not stopped 50 ms after it was asked to, and was abandoned; so were 2 more',
    ]);
  });

  it("is empty for a run that completed, though a task that was called off went on", async () => {
    const clock = new VirtualClock();
    const deaf = task("deaf", new Diary(clock).task({ ms: 400, deaf: true }));
    const run = flow("f", { seen: task("seen", { deaf: settled(deaf) }, () => 1) }).start({
      clock,
    });
    await clock.advance(10);
    run.cancelTask("deaf");
    const report = await clock.run(run.report);
    expect(report).toMatchObject({ executionState: "completed", errorSummary: [] });
  });
});

describe("A time limit that passed", () => {
  it("is told with the limit, when that was noticed, and what the task had said last", async () => {
    const clock = new VirtualClock();
    const a = task(
      "a",
      async (_, { progress, signal }) => {
        progress(0.4, "page 3");
        await clock.wait(1, signal);
        clock.hold(6);
        await clock.wait(100, signal);
      },
      { timeoutMs: 5 },
    );
    const report = await clock.run(flow("f", { a }).run({ clock }));
    const detail = '5 ms (asked to stop after 7 ms; last progress: 40 %, "page 3")';
    expect(report.errorSummary).toEqual([`Task "a" failed: took longer than ${detail}`]);
    const { error } = report.outcome(a) as { error: TimeoutError };
    expect(error).toMatchObject({
      message: `Task "a" took longer than ${detail}`,
      limitMs: 5,
      elapsedMs: 7,
      progress: { fraction: 0.4, message: "page 3" },
    });
    expect(row(report, "a").error?.data).toMatchObject({
      limitMs: 5,
      elapsedMs: 7,
      progress: { fraction: 0.4, message: "page 3" },
    });
  });

  it("is told with when the task ended, when that held the thread and could not be asked", async () => {
    const clock = new VirtualClock();
    const held = task("held", () => clock.hold(50), { timeoutMs: 30 });
    const report = await clock.run(flow("f", { held }).run({ clock }));
    expect(report.errorSummary).toEqual([
      'Task "held" failed: took longer than 30 ms (ended after 50 ms)',
    ]);
  });

  it("keeps what it says when the function throws something else", async () => {
    const clock = new VirtualClock();
    const a = task(
      "a",
      (_, { progress, signal }) => {
        progress(0.5);
        return clock.wait(100, signal).catch(() => {
          throw new Error("cannot unlock");
        });
      },
      { timeoutMs: 5 },
    );
    const report = await clock.run(flow("f", { a }).run({ clock }));
    expect(report.errorSummary).toEqual([
      'Task "a" failed: took longer than 5 ms (last progress: 50 %): cannot unlock',
    ]);
    expect(report.outcome(a)).toMatchObject({
      error: { elapsedMs: 5, progress: { fraction: 0.5 } },
    });
  });

  it("says of a task that ignored it for how long it went on", async () => {
    const clock = new VirtualClock();
    const a = task("a", new Diary(clock).task({ ms: 400, deaf: true }), { timeoutMs: 50 });
    const report = await clock.run(flow("f", { a }).run({ clock }));
    expect(report.errorSummary).toEqual([
      'Task "a" failed: took longer than 50 ms; it went on for 350 ms after it was asked to stop',
    ]);
  });

  it("does not blame the last attempt for what an earlier one ignored", async () => {
    const clock = new VirtualClock();
    const steps = [
      { ms: 400, ignoresSignal: true },
      { ms: 1, throw: "boom" },
    ];
    const a = task("a", scripted(clock, ...steps), { timeoutMs: 50, retry: 1 });
    const report = await clock.run(flow("f", { a }).run({ clock }));
    expect(report.errorSummary).toEqual(['Task "a" failed after 2 attempts: boom']);
  });

  it("of the run is told with what was running, longest first, and how far that was", async () => {
    const clock = new VirtualClock();
    const busy = (name: string, fraction?: number, message?: string) =>
      task(name, (_, { progress, signal }) => {
        if (fraction !== undefined) progress(fraction, message);
        return clock.wait(1000, signal);
      });
    const roots = [busy("a", 0.4, "page 3"), busy("b", 0.999), busy("c"), busy("d"), busy("e")];
    const { options, recording } = recorded({ clock, timeoutMs: 300 });
    const all = flow("f", Object.fromEntries(roots.map((root) => [root.name, root])));
    const report = await clock.run(all.run(options));
    const said =
      'The run took longer than 300 ms (running then: "a" (40 %, "page 3"), "b" (100 %), "c" and 2 more)';
    expect(report.errorSummary).toEqual([said]);
    expect(replay(all.plan(), recording).errorSummary).toEqual([said]);
    const thrown = (() => {
      try {
        return report.unwrap();
      } catch (error) {
        return error;
      }
    })() as RunError;
    expect(thrown.errors).toEqual([expect.any(TimeoutError)]);
    expect((thrown.errors[0] as Error).message).toBe(said);
    expect(report.outcome("a")).toMatchObject({ status: "cancelled", reason: { message: said } });
  });

  it("keeps little of a progress message of megabytes", async () => {
    const clock = new VirtualClock();
    const a = task(
      "a",
      (_, { progress, signal }) => {
        progress(0.4, "x".repeat(5_000_000));
        return clock.wait(100, signal);
      },
      { timeoutMs: 5 },
    );
    const report = await clock.run(flow("f", { a }).run({ clock }));
    const { error } = report.outcome(a) as { error: TimeoutError };
    expect(error.message.length).toBeLessThan(200);
    expect(error.progress?.message?.length).toBeLessThanOrEqual(500);
  });
});

describe("What unwrap() throws", () => {
  const thrownBy = (call: () => unknown): RunError => {
    try {
      call();
    } catch (error) {
      return error as RunError;
    }
    throw new Error("It threw nothing");
  };

  it("is a sentence about the run, then a line for each reason", async () => {
    const signal = AbortSignal.abort(new Error("enough", { cause: new Error("shut down") }));
    const cancelled = await flow("f", { a: task("a", () => 1) }).run({ signal });
    expect(thrownBy(() => cancelled.unwrap()).message).toBe(
      'The run was cancelled:\n  Task "a" was skipped: the run was aborted: enough: shut down',
    );
    const skipped = await flow("f", { a: task("a", {}, () => 1, { when: () => false }) }).run();
    expect(thrownBy(() => skipped.unwrap()).message).toBe(
      'The run completed, but not every root has a value:\n  Task "a" was skipped: its condition was not met',
    );
  });

  it("is bounded when ten thousand tasks failed", async () => {
    const roots = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `t${index}`,
        task(`t${index}`, () => {
          throw new Error(`no ${index} ${"x".repeat(2000)}`);
        }),
      ]),
    );
    const report = await flow("f", roots).run({ failure: "continue" });
    const { errors, message } = thrownBy(() => report.unwrap());
    expect(errors).toHaveLength(10_000);
    expect(message.split("\n")).toHaveLength(22);
    expect(message).toMatch(/\n {2}… and 9980 more$/);
    expect(message.length).toBeLessThan(30_000);
  });

  it("is bounded when more items failed alone than a call takes arguments", async () => {
    const count = 150_000;
    const failed = new NonRetryableError("no");
    const items = map(
      "items",
      value(Array.from({ length: count }, (_, at) => at)),
      () => {
        throw failed;
      },
      { items: "settled" },
    );
    const gone = task("gone", { items }, () => {
      throw new Error("gone");
    });
    const report = await flow("f", { gone }).run();
    const { errors, message } = thrownBy(() => report.unwrap());
    expect(errors).toHaveLength(count + 1);
    expect(message).toMatch(/gone[\s\S]*\n {2}… and 149981 more$/);
  });
});

describe("A serialised error", () => {
  it("has the root of a chain that is longer than it is deep", () => {
    const names = Array.from({ length: 40 }, (_, index) => `step ${index}`);
    const links: string[] = [];
    let error: ReturnType<typeof serializeError> | undefined = serializeError(chain(...names));
    let left = error;
    for (; error !== undefined; error = error.cause) {
      links.push(error.message);
      left = error;
    }
    expect(links).toEqual([...names.slice(0, 8), "step 39"]);
    expect(left).not.toHaveProperty("truncated");
    expect(summarizeError(serializeError(chain(...names)))).toBe(summarizeError(chain(...names)));
  });

  it("stays small, though all its texts are huge, and loses stacks before messages", () => {
    const members = Array.from({ length: 50 }, (_, index) =>
      aggregate(Array.from({ length: 50 }, () => new Error(`${index} ${"x".repeat(1_000_000)}`))),
    );
    const text = JSON.stringify(serializeError(aggregate(members)));
    expect(text.length).toBeLessThan(3_000_000);
    expect(text).toContain('"truncated":true');
  });
});
