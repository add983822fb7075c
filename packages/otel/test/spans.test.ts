import { flow, map, type Observer, type RunInfo, type TaskInfo, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { otelObserver } from "../src/index.ts";
import { named, traced, tree } from "./traced.ts";

/** Work with a span of its own, as a user's library makes it. */
const work = (name: string) => async (): Promise<string> => {
  await null;
  return trace.getTracer("user").startActiveSpan(name, async (span) => {
    await null;
    trace.getTracer("user").startSpan(`${name} inner`).end();
    span.end();
    return name;
  });
};

describe("The spans of a run", () => {
  it("are a tree: run, tasks below it, attempts below them, the user's own below those", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    let calls = 0;
    const load = task("load", work("query"));
    const parse = task(
      "parse",
      { load },
      async () => {
        await work("parser")();
        if (++calls === 1) throw new RangeError("once");
        return 1;
      },
      { retry: 2 },
    );
    const save = task("save", { load, parse }, scripted(clock, { ms: 5 }));
    await clock.run(flow("daily", { save }).run({ clock, observers: [otelObserver()] }));
    expect(tree(await spans())).toBe(
      [
        "run daily",
        "  task load",
        "    query",
        "      query inner",
        "  task parse <= task load",
        "    attempt parse #1 ERROR RangeError: once !exception",
        "      parser",
        "        parser inner",
        "    attempt parse #2",
        "      parser",
        "        parser inner",
        "  task save <= task parse <- task load",
      ].join("\n"),
    );
    expect(new Set((await spans()).map(({ traceId }) => traceId)).size).toBe(1);
    expect(
      (await spans()).filter(({ scope }) => scope === "@astrum/otel").map(({ kind }) => kind),
    ).toEqual(Array(6).fill(SpanKind.INTERNAL + 1));
  });

  it("carry what a sampler needs from the start, and what happened at the end", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const first = task("first", scripted(clock, { ms: 30 }), { tags: ["io"] });
    const flaky = task("flaky", scripted(clock, { ms: 10, throw: "no" }, { ms: 20 }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 250 },
    });
    await clock.run(
      flow("daily", { first, flaky }).run({
        clock,
        runId: "r1",
        concurrency: 1,
        attributes: { tenant: 7 },
        observers: [otelObserver({ semconv: { cicd: true } })],
      }),
    );
    const received = await spans();
    expect(named(received, "run daily").attributes).toEqual({
      tenant: 7,
      "astrum.flow.name": "daily",
      "astrum.run.id": "r1",
      "astrum.run.task.count": 2,
      "astrum.run.stage.count": 1,
      "astrum.run.max_parallelism": 2,
      "astrum.run.concurrency": 1,
      "cicd.pipeline.name": "daily",
      "cicd.pipeline.run.id": "r1",
      "cicd.pipeline.action.name": "RUN",
      "astrum.run.result": "success",
      "astrum.run.task.completed": 2,
      "cicd.pipeline.result": "success",
    });
    expect(named(received, "task first").attributes).toEqual({
      "astrum.flow.name": "daily",
      "astrum.run.id": "r1",
      "astrum.task.name": "first",
      "astrum.task.kind": "task",
      "astrum.task.stage": 0,
      "astrum.task.dependency.count": 0,
      "astrum.task.max_attempts": 1,
      "astrum.task.tags": ["io"],
      "cicd.pipeline.task.name": "first",
      "cicd.pipeline.task.run.id": "r1/first",
      "astrum.task.result": "success",
      "astrum.task.attempt.count": 1,
      "astrum.task.queue.duration": 0,
      "astrum.attempt.executor": "main",
      "cicd.pipeline.task.run.result": "success",
    });
    const attempts = received.filter(({ name }) => name === "attempt flaky");
    expect(attempts.map(({ attributes }) => attributes)).toEqual([
      {
        "astrum.flow.name": "daily",
        "astrum.task.name": "flaky",
        "astrum.attempt.number": 1,
        "astrum.attempt.executor": "main",
        "astrum.attempt.result": "failure",
        "astrum.attempt.retry_delay": 0.25,
        "error.type": "Error",
      },
      {
        "astrum.flow.name": "daily",
        "astrum.task.name": "flaky",
        "astrum.attempt.number": 2,
        "astrum.attempt.executor": "main",
        "astrum.attempt.result": "success",
      },
    ]);
    expect(named(received, "task flaky").attributes).toMatchObject({
      "astrum.task.result": "success",
      "astrum.task.attempt.count": 2,
      "astrum.task.queue.duration": 0.03,
    });
  });

  it("last as long as the run's clock says", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const first = task("first", scripted(clock, { ms: 30 }));
    const second = task("second", { first }, scripted(clock, { ms: 12.5 }));
    await clock.run(flow("f", { second }).run({ clock, observers: [otelObserver()] }));
    const times = (name: string, received: Awaited<ReturnType<typeof spans>>) => {
      const { start, end } = named(received, name);
      const origin = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
      return [Number(start - origin) / 1e6, Number(end - origin) / 1e6];
    };
    const received = await spans();
    expect(times("run f", received)).toEqual([0, 42.5]);
    expect(times("task first", received)).toEqual([0, 30]);
    expect(times("task second", received)).toEqual([30, 42.5]);
  });

  it("nest the items of a map under the map", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const list = task("list", () => ["a", "b"]);
    const items = map("items", list, () => clock.wait(5));
    await clock.run(flow("f", { items }).run({ clock, observers: [otelObserver()] }));
    expect(tree(await spans())).toBe(
      [
        "run f",
        "  task items <= task list",
        "    task items (items[0])",
        "    task items (items[1])",
        "  task list",
      ].join("\n"),
    );
  });
});

describe("Links", () => {
  it("go to every dependency, the one that released the task first, also when inputs were selected", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const tasks = [10, 30, 20].map((ms) => task(`t${ms}`, scripted(clock, { ms })));
    const [t10, t30, t20] = tasks as [(typeof tasks)[0], (typeof tasks)[0], (typeof tasks)[0]];
    const join = task("join", { t10, t30, t20 }, () => 1, { when: () => true });
    await clock.run(flow("f", { join }).run({ clock, observers: [otelObserver()] }));
    const received = await spans();
    const { links } = named(received, "task join");
    expect(links.map(({ attributes }) => attributes)).toEqual([
      {
        "astrum.link.type": "dependency",
        "astrum.task.name": "t30",
        "astrum.link.critical": true,
      },
      { "astrum.link.type": "dependency", "astrum.task.name": "t10" },
      { "astrum.link.type": "dependency", "astrum.task.name": "t20" },
    ]);
    expect(links[0]?.spanId).toBe(named(received, "task t30").spanId);
  });

  it("are as many as wanted, and keep the critical one", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const wide = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [
        `t${at}`,
        task(`t${at}`, scripted(clock, { ms: at })),
      ]),
    );
    const join = task("join", wide, () => 1);
    await clock.run(flow("f", { join }).run({ clock, observers: [otelObserver()] }));
    const { links } = named(await spans(), "task join");
    expect(links).toHaveLength(128);
    expect(links[0]?.attributes).toMatchObject({
      "astrum.task.name": "t199",
      "astrum.link.critical": true,
    });
  });

  it("are not even made while nothing is recorded", async () => {
    const { provider } = await traced({ ratio: 0 });
    let made = 0;
    const counting = {
      getTracer: (...args: [string]) => {
        const tracer = provider.getTracer(...args);
        return {
          startSpan: (...span: Parameters<typeof tracer.startSpan>) => {
            made += span[1]?.links?.length ?? 0;
            return tracer.startSpan(...span);
          },
        };
      },
    } as never;
    const a = task("a", () => 1);
    await flow("f", { b: task("b", { a }, () => 1) }).run({
      observers: [otelObserver({ tracerProvider: counting })],
    });
    expect(made).toBe(0);
  });
});

describe("The status of a span", () => {
  it("is an error for what finally failed, and never ok", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const good = task("good", () => 1);
    const slow = task("slow", scripted(clock, { ms: 100 }), { timeoutMs: 10 });
    const reset = task("reset", { good }, () => {
      throw Object.assign(new Error("gone"), { code: "ECONNRESET" });
    });
    const next = task("next", { reset }, () => 1);
    const report = await clock.run(
      flow("f", { next, slow }).run({ clock, failure: "continue", observers: [otelObserver()] }),
    );
    expect(report.observerErrors ?? []).toEqual([]);
    expect(tree(await spans())).toBe(
      [
        "run f ERROR ECONNRESET: gone",
        "  task good",
        "  task reset ERROR ECONNRESET: gone !exception <= task good",
        '  task slow ERROR timeout: Task "slow" took longer than 10 ms !exception',
      ].join("\n"),
    );
    expect(named(await spans(), "run f").attributes).toMatchObject({
      "astrum.run.result": "failure",
      "astrum.run.failed_task": "reset",
      "astrum.run.task.failed": 2,
      "astrum.run.task.skipped": 1,
      "error.type": "ECONNRESET",
    });
  });

  it("is unset for what was cancelled: being called off is no error", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const abort = new AbortController();
    clock.after(5, () => abort.abort(new Error("enough")));
    const long = task("long", scripted(clock, { ms: 50 }), { retry: 1 });
    await clock.run(
      flow("f", { long }).run({ clock, signal: abort.signal, observers: [otelObserver()] }),
    );
    expect(tree(await spans())).toBe("run f\n  task long\n    attempt long #1");
    for (const span of await spans()) expect(span.attributes).not.toHaveProperty("error.type");
    expect(named(await spans(), "task long").attributes["astrum.task.result"]).toBe("cancellation");
    expect(named(await spans(), "run f").attributes["astrum.run.result"]).toBe("cancellation");
  });

  it("is a time-out for a run whose time was over, and for an attempt that was abandoned late", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const long = task("long", scripted(clock, { ms: 500 }));
    await clock.run(flow("f", { long }).run({ clock, timeoutMs: 20, observers: [otelObserver()] }));
    const deaf = task("deaf", scripted(clock, { ms: 500, ignoresSignal: true }), { timeoutMs: 10 });
    await clock.run(flow("g", { deaf }).run({ clock, graceMs: 10, observers: [otelObserver()] }));
    const received = await spans();
    expect(named(received, "run f")).toMatchObject({
      status: { code: 2 },
      attributes: { "astrum.run.result": "timeout", "error.type": "timeout" },
    });
    expect(named(received, "task long").status.code).toBe(0);
    expect(named(received, "task deaf")).toMatchObject({
      status: { code: 2 },
      attributes: { "astrum.task.result": "timeout", "error.type": "timeout" },
    });
  });

  it("says of a failure that it is tolerated: the run is not blamed for it", async () => {
    const { spans } = await traced();
    const small = task("small", () => Promise.reject(new Error("so what")), {
      onFailure: "ignore",
    });
    await flow("f", { small }).run({ observers: [otelObserver()] });
    const received = await spans();
    expect(named(received, "run f")).toMatchObject({
      status: { code: 0 },
      attributes: { "astrum.run.result": "success", "astrum.run.tolerated_failures": 1 },
    });
    expect(named(received, "task small")).toMatchObject({
      status: { code: 2 },
      attributes: { "astrum.task.result": "failure", "astrum.task.tolerated": true },
    });
  });

  it("closes detached tail tasks with the run, neither well nor badly", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const one = task("one", scripted(clock, { ms: 5 }));
    const tail = task("tail", scripted(clock, { ms: 500 }));
    const run = flow("f", { one }, { tails: { tail } }).run({ clock, observers: [otelObserver()] });
    const report = await clock.run(run);
    const received = await spans();
    expect(named(received, "task tail")).toMatchObject({
      status: { code: 0 },
      attributes: { "astrum.task.result": "detached" },
      end: named(received, "run f").end,
    });
    await clock.run(report.tail);
  });
});

describe("An exception", () => {
  it("is told once, on the attempt it ended", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const flaky = task("flaky", scripted(clock, { throw: "first" }, { throw: "last" }), {
      retry: 1,
    });
    await clock.run(flow("f", { flaky }).run({ clock, observers: [otelObserver()] }));
    expect(tree(await spans())).toBe(
      [
        "run f ERROR Error: last",
        "  task flaky ERROR Error: last",
        "    attempt flaky #1 ERROR Error: first !exception",
        "    attempt flaky #2 ERROR Error: last !exception",
      ].join("\n"),
    );
    const [event] = (await spans()).flatMap(({ events }) => events);
    expect(event?.attributes).toEqual({
      "exception.type": "Error",
      "exception.message": "first",
      "exception.stacktrace": expect.stringContaining("Error: first"),
    });
  });

  it("says why, down to the root, and shows no frame of ours", async () => {
    const { spans } = await traced();
    const refused = (): never => {
      const members = [new Error("refused by ::1"), new Error("refused by 127.0.0.1")];
      throw new TypeError("fetch failed", { cause: new AggregateError(members, "") });
    };
    const mute = (): never => {
      throw new AggregateError([new Error("one"), new Error("two")]);
    };
    const roots = { page: task("page", () => refused()), all: task("all", () => mute()) };
    await flow("f", roots).run({ failure: "continue", observers: [otelObserver()] });
    expect(tree(await spans())).toBe(
      [
        "run f ERROR TypeError: fetch failed: refused by ::1; refused by 127.0.0.1",
        "  task all ERROR AggregateError: one; two !exception",
        "  task page ERROR TypeError: fetch failed: refused by ::1; refused by 127.0.0.1 !exception",
      ].join("\n"),
    );
    const events = (await spans()).flatMap(({ events }) => events);
    expect(events.map(({ attributes }) => attributes?.["exception.message"]).sort()).toEqual([
      "fetch failed",
      "one; two",
    ]);
    for (const { attributes } of events) {
      const stack = attributes?.["exception.stacktrace"];
      expect(stack).toMatch(/at (?:refused|mute) \(/);
      expect(stack).not.toMatch(/packages\/core\/src/);
    }
  });

  it("of an item is not told again by its map", async () => {
    const { spans } = await traced();
    const list = task("list", () => [1]);
    const items = map("items", list, () => {
      throw new TypeError("bad item");
    });
    await flow("f", { items }).run({ observers: [otelObserver()] });
    const told = (await spans()).flatMap(({ attributes, events }) =>
      events.map(() => attributes["astrum.task.key"]),
    );
    expect(told).toEqual(["items[0]"]);
  });

  it("that no attempt had is told on its task", async () => {
    const { spans } = await traced();
    const list = task("list", () => 5 as never as number[]);
    const items = map("items", list, () => 1);
    await flow("f", { items }).run({ observers: [otelObserver()] });
    expect(named(await spans(), "task items").events).toHaveLength(1);
  });

  it("that cannot even be read ends its span all the same", async () => {
    const { spans } = await traced();
    const refusing = new Proxy(new Error("x"), {
      get() {
        throw new Error("no");
      },
    });
    const one = task("one", () => {
      throw refusing;
    });
    await flow("f", { one }).run({ observers: [otelObserver()] });
    expect(named(await spans(), "task one").attributes["error.type"]).toBe("_OTHER");
  });
});

describe("What is asked for", () => {
  const play = async (options: Parameters<typeof otelObserver>[0]): Promise<string> => {
    const { spans } = await traced();
    const load = task("load", work("query"), { retry: 1 });
    const save = task("save", { load }, work("write"));
    await flow("f", { save }).run({ observers: [otelObserver(options)] });
    return tree(await spans());
  };

  it("can be runs only: the user's spans belong to the run", async () => {
    expect(await play({ detail: "run" })).toBe(
      ["run f", "  query", "    query inner", "  write", "    write inner"].join("\n"),
    );
  });

  it("can be tasks without attempts", async () => {
    expect(await play({ detail: "task" })).toBe(
      [
        "run f",
        "  task load",
        "    query",
        "      query inner",
        "  task save <= task load",
        "    write",
        "      write inner",
      ].join("\n"),
    );
  });

  it("can leave tasks out: their spans belong to the nearest that is there", async () => {
    expect(await play({ shouldTrace: ({ name }) => name !== "load" })).toBe(
      ["run f", "  query", "    query inner", "  task save", "    write", "      write inner"].join(
        "\n",
      ),
    );
  });

  it("can add attributes to runs and tasks, and name errors", async () => {
    const { spans } = await traced();
    const bad = task("bad", () => Promise.reject(new Error("no")));
    const attributes = (subject: RunInfo | TaskInfo) =>
      "run" in subject ? { "app.task": subject.name } : { "app.flow": subject.flow };
    const observer = otelObserver({ attributes, errorType: () => "quota" });
    await flow("f", { bad }).run({ observers: [observer] });
    expect(named(await spans(), "run f").attributes).toMatchObject({
      "app.flow": "f",
      "error.type": "quota",
    });
    expect(named(await spans(), "task bad").attributes).toMatchObject({
      "app.task": "bad",
      "error.type": "quota",
    });
  });
});

describe("The caller's span", () => {
  it("is the parent of the run's", async () => {
    const { spans } = await traced();
    await trace.getTracer("app").startActiveSpan("request", async (span) => {
      await flow("f", { one: task("one", () => 1) }).run({ observers: [otelObserver()] });
      span.end();
    });
    expect(tree(await spans())).toBe("request\n  run f\n    task one");
  });

  it("is linked instead when the run is to be a trace of its own", async () => {
    const { spans } = await traced();
    const observers: Observer[] = [otelObserver({ parent: "root" })];
    await trace.getTracer("app").startActiveSpan("request", async (span) => {
      await flow("f", { one: task("one", () => 1) }).run({ observers });
      span.end();
    });
    await flow("g", {}).run({ observers });
    const received = await spans();
    const [request, run] = [named(received, "request"), named(received, "run f")];
    expect(run.parentSpanId).toBe("");
    expect(run.traceId).not.toBe(request.traceId);
    expect(run.links).toMatchObject([{ spanId: request.spanId, traceId: request.traceId }]);
    expect(named(received, "task one").traceId).toBe(run.traceId);
    expect(named(received, "run g").links).toEqual([]);
  });

  it("lends its baggage to every task", async () => {
    await traced();
    const seen: unknown[] = [];
    const look = () => void seen.push(propagation.getActiveBaggage()?.getEntry("tenant")?.value);
    const baggage = propagation.createBaggage({ tenant: { value: "t7" } });
    const first = task("first", look, { retry: 1 });
    await context.with(propagation.setBaggage(context.active(), baggage), () =>
      flow("f", { second: task("second", { first }, look) }).run({ observers: [otelObserver()] }),
    );
    expect(seen).toEqual(["t7", "t7"]);
  });
});

describe("The context of a task", () => {
  it("is never that of the dependency that released it, of a task beside it, or of a canceller", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const seen: Record<string, string | undefined> = {};
    const here = (name: string) => async () => {
      await clock.wait(1);
      seen[name] = trace.getActiveSpan()?.spanContext().spanId;
      return context.with(
        propagation.setBaggage(
          context.active(),
          propagation.createBaggage({ leak: { value: name } }),
        ),
        () => clock.wait(2),
      );
    };
    const leaks: unknown[] = [];
    const tasks = ["a", "b", "c", "d"].map((name) => task(name, here(name)));
    const [a, b, c, d] = tasks as [
      (typeof tasks)[0],
      (typeof tasks)[0],
      (typeof tasks)[0],
      (typeof tasks)[0],
    ];
    const next = task("next", { a, b, c, d }, () => {
      leaks.push(propagation.getActiveBaggage());
      seen.next = trace.getActiveSpan()?.spanContext().spanId;
    });
    await clock.run(
      flow("f", { next }).run({ clock, concurrency: 1, observers: [otelObserver()] }),
    );
    const received = await spans();
    for (const [name, spanId] of Object.entries(seen)) {
      expect([name, spanId]).toEqual([name, named(received, `task ${name}`).spanId]);
    }
    expect(Object.keys(seen)).toHaveLength(5);
    expect(leaks).toEqual([undefined]);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it("keeps what other observers put into it, inside and outside", async () => {
    await traced();
    const tenant = propagation.createBaggage({ tenant: { value: "t7" } });
    const other: Observer = {
      name: "tenant",
      run: () => ({
        around: (proceed) =>
          context.with(propagation.setBaggage(context.active(), tenant), proceed),
      }),
    };
    const seen: unknown[] = [];
    const one = task("one", () => {
      seen.push(propagation.getActiveBaggage()?.getEntry("tenant")?.value);
      seen.push(trace.getActiveSpan()?.isRecording());
    });
    await flow("f", { one }).run({ observers: [other, otelObserver()] });
    await flow("f", { one }).run({ observers: [otelObserver(), other] });
    expect(seen).toEqual(["t7", true, "t7", true]);
  });
});

describe("What a task says about itself", () => {
  it("is on its span: attributes and progress, with what it is", async () => {
    const { spans } = await traced();
    const clock = new VirtualClock();
    const load = task("load", async (_, { attributes, progress }) => {
      attributes.set("rows", 12);
      attributes.set("astrum.task.result", "a lie");
      progress(0.5, "half");
      progress(1, "all");
      return [1, 2];
    });
    const items = map("items", load, (item, _, { attributes }) => void attributes.set("of", item), {
      key: (item) => `k${item}`,
    });
    const last = task("last", { items }, () => clock.wait(1), { retry: 1 });
    const observers = [otelObserver()];
    await clock.run(flow("f", { last }).run({ clock, observers }));
    const received = await spans();
    const loaded = named(received, "task load");
    expect(loaded.attributes).toMatchObject({
      rows: 12,
      "astrum.task.kind": "task",
      "astrum.task.result": "success",
      "astrum.progress.fraction": 1,
      "astrum.progress.message": "all",
    });
    expect(loaded.events).toEqual([
      {
        name: "astrum.task.progress",
        attributes: { "astrum.progress.fraction": 0.5, "astrum.progress.message": "half" },
      },
      {
        name: "astrum.task.progress",
        attributes: { "astrum.progress.fraction": 1, "astrum.progress.message": "all" },
      },
    ]);
    const item = received.find(({ attributes }) => attributes["astrum.task.item.index"] === 1);
    expect(item?.attributes).toMatchObject({
      "astrum.task.kind": "item",
      "astrum.task.item.key": "k2",
      of: 2,
    });
  });

  it("is an event for each line of its log, fifty of them", async () => {
    const { spans } = await traced();
    const one = task("one", (_, { log }) => {
      for (let line = 0; line < 60; line++) log(`line ${line}`, { rows: line });
    });
    await flow("f", { one }).run({ observers: [otelObserver()] });
    const { events } = named(await spans(), "task one");
    expect(events).toHaveLength(50);
    expect(events[1]).toEqual({
      name: "astrum.task.log",
      attributes: { "astrum.log.message": "line 1", rows: 1 },
    });
  });

  it("is why it ended as skipped while it ran", async () => {
    const { spans } = await traced();
    const one = task("one", (_, { skip }) => skip("nothing new"));
    await flow("f", { one }).run({ observers: [otelObserver()] });
    const { attributes, status } = named(await spans(), "task one");
    expect(status.code).toBe(0);
    expect(attributes).toMatchObject({
      "astrum.task.result": "skip",
      "astrum.task.skipped.because": "condition",
      "astrum.task.skipped.reason": expect.stringContaining("nothing new"),
    });
  });

  it("is on the run when what it gave is lost or cannot be let go", async () => {
    const { spans } = await traced();
    const failing = () => Promise.reject(new Error("the port is taken"));
    const server = task("server", () => ({ port: 1 }), { release: failing });
    await flow("f", { use: task("use", { server }, () => 1) }).run({ observers: [otelObserver()] });
    const { events } = named(await spans(), "run f");
    expect(events).toMatchObject([
      {
        name: "astrum.task.release_failed",
        attributes: { "astrum.task.name": "server" },
      },
    ]);
  });

  it("is bounded: fifty events, and the last progress as attributes", async () => {
    const { spans } = await traced();
    const busy = task("busy", (_, { progress }) => {
      for (let at = 1; at <= 1000; at++) progress(at / 1000);
    });
    await flow("f", { busy }).run({ observers: [otelObserver()] });
    const { events, attributes } = named(await spans(), "task busy");
    expect(events).toHaveLength(50);
    expect(attributes["astrum.progress.fraction"]).toBe(1);
  });
});

it("The stack of an exception goes on with those of its causes", async () => {
  const { spans } = await traced();
  const bad = task("bad", () => {
    const root = new RangeError("the root");
    throw new Error("outside", { cause: new TypeError("between", { cause: root }) });
  });
  await flow("f", { bad }).run({ observers: [otelObserver()] });
  const [event] = named(await spans(), "task bad").events;
  expect(event?.attributes["exception.stacktrace"]).toMatch(
    /^Error: outside\n +at [\s\S]*\nCaused by: TypeError: between\n[\s\S]*\nCaused by: RangeError: the root\n/,
  );
});

it("A run that is sampled out makes one span, whose decision travels", async () => {
  const { spans, provider } = await traced({ ratio: 0 });
  let started = 0;
  const counting = {
    getTracer: (...args: [string]) => {
      const tracer = provider.getTracer(...args);
      return {
        startSpan: (...span: Parameters<typeof tracer.startSpan>) => {
          started++;
          return tracer.startSpan(...span);
        },
      };
    },
  } as never;
  let carrier: Record<string, string> = {};
  const wide = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`t${at}`, task(`t${at}`, () => at, { retry: 1 })]),
  );
  await flow("f", wide).run({
    observers: [otelObserver({ tracerProvider: counting })],
    runner(attempt) {
      carrier = attempt.carrier();
      return attempt.run(...attempt.args, attempt.context);
    },
  });
  expect(started).toBe(1);
  expect(carrier.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(await spans()).toEqual([]);
});
