/** SIGINT and SIGTERM, sent to real processes that run a flow. */
import { describe, expect, it } from "vitest";
import { flow, stopOnSignals, task } from "../../src/index.ts";
import { Program } from "../program.ts";
import { refusal } from "../refusal.ts";

/** A flow whose task waits for its signal and cleans up; with a finally task, and an observer that hands something on. */
const nightly = `
  const work = task("work", (_, { signal, defer }) => {
    defer(() => console.log("cleaned up"));
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      setImmediate(() => console.log("working"));
    });
  });
  const observer = { name: "buffers", run: () => ({ end: () => {} }), flush: () => void console.log("flushed") };
  const closes = task("closes", () => void console.log("closed"));
`;
const aftermath = `
  console.log(report.executionState);
  if (report.executionState !== "completed") process.exitCode = 1;
`;

describe("A process that is sent a signal while it runs a flow", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "cancels it with %s, cleans up, runs what runs in any case, flushes, goes on with the report, and ends with %i",
    async (signal, code) => {
      const program = new Program(`${nightly}
        const run = flow("nightly", { work }, { finally: { closes } }).start({ observers: [observer] });
        const report = await stopOnSignals(run);
        console.log(String(report.outcome("work").reason.cause.message));
        ${aftermath}`);
      await program.says("working");
      program.send(signal);
      expect(await program.ended()).toBe(code);
      expect(program.lines).toEqual([
        "working",
        "cleaned up",
        "closed",
        "flushed",
        `The process was sent ${signal}`,
        "cancelled",
      ]);
    },
  );

  it("stops what runs in any case with the second one, and still comes to its report", async () => {
    const program = new Program(`${nightly}
      const lasting = task("lasting", (_, { signal }) => new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        console.log("lasting");
      }));
      const report = await stopOnSignals(flow("nightly", { work }, { finally: { lasting } }).start());
      ${aftermath}`);
    await program.says("working");
    program.send("SIGINT");
    await program.says("lasting");
    program.send("SIGTERM");
    // The first one says why.
    expect(await program.ended()).toBe(130);
    expect(program.lines.at(-1)).toBe("cancelled");
  });

  it("ends at once with the third one, whatever does not stop", async () => {
    const program = new Program(`
      const deaf = task("deaf", (_, { signal }) => new Promise(() => {
        signal.addEventListener("abort", () => console.log("asked"));
        setImmediate(() => console.log("working"));
      }));
      const run = flow("nightly", { deaf }).start();
      let asked = 0;
      const { report } = run;
      const cancel = (reason) => (run.cancel(reason), console.log("signal " + ++asked));
      await stopOnSignals({ report, cancel });`);
    await program.says("working");
    program.send("SIGTERM");
    await program.says("signal 1");
    program.send("SIGTERM");
    await program.says("signal 2");
    program.send("SIGTERM");
    expect(await program.ended()).toBe("SIGTERM");
  });

  it("cancels a run that is waited for twice once a signal: its finally tasks run", async () => {
    const program = new Program(`${nightly}
      const lasting = task("lasting", async (_, { signal }) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        console.log(signal.aborted ? "stopped" : "closed");
      });
      const run = flow("nightly", { work }, { finally: { lasting } }).start({ observers: [observer] });
      const { report: promise, cancel } = run;
      const [report, again] = await Promise.all([stopOnSignals(run), stopOnSignals({ report: promise, cancel })]);
      console.log(report === again);
      ${aftermath}`);
    await program.says("working");
    program.send("SIGINT");
    expect(await program.ended()).toBe(130);
    expect(program.lines).toEqual([
      "working",
      "cleaned up",
      "closed",
      "flushed",
      "true",
      "cancelled",
    ]);
  });

  it("cancels all of its runs, be they a hundred, without a warning", async () => {
    const program = new Program(`
      process.on("warning", ({ name }) => console.log(name));
      const before = process.listenerCount("exit");
      let left = 100;
      const work = task("work", (_, { signal }) => new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        if (--left === 0) setImmediate(() => console.log("working"));
      }));
      const one = flow("nightly", { work });
      const reports = await Promise.all(Array.from({ length: 100 }, () => stopOnSignals(one.start())));
      const states = new Set(reports.map(({ executionState }) => executionState));
      console.log([...states].join(), process.listenerCount("SIGINT"), process.listenerCount("exit") - before);`);
    await program.says("working");
    program.send("SIGTERM");
    expect(await program.ended()).toBe(143);
    expect(program.lines).toEqual(["working", "cancelled 0 1"]);
  });

  it("ends with its code also where nobody has set one", async () => {
    const program = new Program(`${nightly}
      await stopOnSignals(flow("nightly", { work }).start());`);
    await program.says("working");
    program.send("SIGTERM");
    expect(await program.ended()).toBe(143);
  });

  it("keeps an exit code of its own", async () => {
    const program = new Program(`${nightly}
      const report = await stopOnSignals(flow("nightly", { work }).start());
      process.exitCode = 3;`);
    await program.says("working");
    program.send("SIGINT");
    expect(await program.ended()).toBe(3);
  });

  it("is ended by the next signal once its run has settled, as any process", async () => {
    const program = new Program(`
      const quick = task("quick", () => 1);
      await stopOnSignals(flow("nightly", { quick }).start());
      setInterval(() => {}, 1000);
      console.log("on");`);
    await program.says("on");
    program.send("SIGINT");
    expect(await program.ended()).toBe("SIGINT");
  });
});

describe("A process that is sent none", () => {
  it("has the report, its own exit code, and no listener left: after ten thousand runs either", async () => {
    const before = process.listenerCount("SIGINT") + process.listenerCount("exit");
    const one = flow("f", { one: task("one", () => 1) });
    for (let run = 0; run < 10_000; run++) {
      expect((await stopOnSignals(one.start())).outputs.one).toBe(1);
    }
    expect(process.listenerCount("SIGINT") + process.listenerCount("exit")).toBe(before);
  });

  it("says what it was given that is no run under way", async () => {
    const work = flow("f", { one: task("one", () => 1) });
    const given: [unknown, string][] = [
      [work.run(), "a promise"],
      [work, "a flow"],
      [undefined, "undefined"],
      [{ report: 1, cancel: () => {} }, "an object"],
    ];
    for (const [run, what] of given) {
      expect(await refusal(() => stopOnSignals(run as never))).toEqual([
        `Expected \`run\` to be a run under way, as \`start()\` gives it, got \`${what}\``,
      ]);
    }
    expect(process.listenerCount("SIGINT")).toBe(0);
  });

  it("hears of a report that is rejected", async () => {
    const report = Promise.reject(new Error("no report"));
    await expect(stopOnSignals({ report, cancel: () => {} })).rejects.toThrow("no report");
    expect(process.listenerCount("SIGTERM")).toBe(0);
  });
});
