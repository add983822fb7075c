import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  flow,
  map,
  PlanError,
  param,
  pick,
  RunError,
  readableStack,
  serializeError,
  type Task,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

const OURS = /packages\/core\/src/;

function framesOf(stack: string): readonly string[] {
  return readableStack({ stack: `Error: x\n${stack}`, message: "x" }).frames;
}

describe("A stack for people", () => {
  it("of a task that fails before it first waits shows the user's frames, and none of ours", async () => {
    const boom = (): never => {
      throw new Error("boom");
    };
    const report = await flow("f", { a: task("a", () => boom()) }).run();
    const { error } = report.outcome("a") as { error: Error };
    expect(error.stack).toMatch(OURS);
    const { head, frames } = readableStack(error);
    expect(head).toBe("Error: boom");
    expect(frames[0]).toMatch(/^ {4}at boom \(.*readable-stack\.test\.ts/);
    expect(frames.join("\n")).not.toMatch(OURS);
    expect(readableStack(serializeError(error))).toEqual({ head, frames });
  });

  it("leaves the error as it was thrown", async () => {
    const boom = new Error("boom");
    const before = boom.stack;
    const report = await flow("f", {
      a: task("a", () => {
        throw boom;
      }),
    }).run();
    readableStack(report.toJSON().taskStatistics[0]?.error);
    readableStack(boom);
    expect(boom.stack).toBe(before);
  });

  const ours: readonly [where: string, frame: string][] = [
    [
      "an installation",
      "    at x (file:///app/node_modules/@astrum/core/dist/astrum-core-A1.js:1:2)",
    ],
    ["a path", "    at Driver.send (/app/node_modules/@astrum/core/dist/index.js:1:2)"],
    [
      "pnpm",
      "    at x (/a/node_modules/.pnpm/@astrum+core@1.0.0/node_modules/@astrum/core/dist/index.js:1:2)",
    ],
    [
      "Yarn without node_modules",
      "    at x (/a/.yarn/cache/c.zip/node_modules/@astrum/core/dist/index.js:1:2)",
    ],
    ["a source map", "    at async x (/app/node_modules/@astrum/core/src/drive/execute.ts:1:2)"],
    [
      "another machine, with Windows",
      "    at x (C:\\app\\node_modules\\@astrum\\core\\dist\\index.js:1:2)",
    ],
    [
      "a URL of Windows",
      "    at file:///C:/my%20app/node_modules/@astrum/reporters/dist/index.js:1:2",
    ],
    ["a thread", "    at x (/app/node_modules/@astrum/worker-threads/dist/thread-entry.js:1:2)"],
    ["a content network", "    at x (https://esm.sh/@astrum/core@1.0.0/es2022/core.mjs:1:2)"],
    ["Firefox", "send@http://localhost/node_modules/@astrum/core/dist/index.js:1:2"],
  ];
  it.each(ours)("has no frame of ours from %s", (_, frame) => {
    expect(framesOf(frame)).toEqual([]);
  });

  it.each([
    "    at x (/srv/app/packages/core/src/ground/readable-stack.ts:1:2)",
    "    at x (/srv/app/packages/core/dist/astrum-core-A1.js:1:2)",
    "    at x (/home/me/@astrum/core/bench/index.js:1:2)",
    "    at x (/home/me/node_modules/@astrumlabs/core/dist/index.js:1:2)",
    "    at x (/home/me/node_modules/@astrum/other/dist/index.js:1:2)",
    "    at x (/home/me/100%/index.js:1:2)",
    "    at async Promise.all (index 0)",
    "    at new Promise (<anonymous>)",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "x@http://localhost/app.js:1:2",
  ])("keeps what is not ours:%s", (frame) => {
    expect(framesOf(frame)).toEqual([frame]);
  });

  it("has none of the runtime's frames below ours: it is we who were called by a timer", () => {
    const [, own] = ours[0] as [string, string];
    const user = "    at load (/app/load.js:3:1)";
    const timer = "    at listOnTimeout (node:internal/timers:581:17)";
    expect(framesOf([user, timer].join("\n"))).toEqual([user, timer]);
    expect(framesOf([own, timer].join("\n"))).toEqual([]);
    const storage = "    at AsyncResource.runInAsyncScope (node:async_hooks:227:14)";
    expect(framesOf([user, own, storage, own, storage].join("\n"))).toEqual([user]);
    expect(framesOf([user, own, own, timer, user, timer].join("\n"))).toEqual([user, user, timer]);
  });

  it("keeps a message that looks like frames, and a piece of source above it", () => {
    const [, own] = ours[1] as [string, string];
    const message = `caught:\n${own}\nand more`;
    const error = {
      message,
      stack: `/app/x.js:3\n  foo(\n     ^\n\nError: ${message}\n${own}\n    at a (/app/x.js:3:1)`,
    };
    expect(readableStack(error)).toEqual({
      head: `/app/x.js:3\n  foo(\n     ^\n\nError: ${message}`,
      frames: ["    at a (/app/x.js:3:1)"],
    });
  });

  it("is empty where there is none, and bounded where it is huge", () => {
    const nothing = { head: "", frames: [] };
    for (const error of [undefined, "text", {}, { stack: 7 }, { stack: "" }]) {
      expect(readableStack(error)).toEqual(nothing);
    }
    const refuses = Object.defineProperty(new Error("x"), "stack", {
      get() {
        throw new Error("no");
      },
    });
    expect(readableStack(refuses)).toEqual(nothing);
    const huge = `Error: x\n${"    at a (/app/x.js:3:1)\n".repeat(1_000_000)}`;
    expect(readableStack({ message: "x", stack: huge }).frames.length).toBeLessThan(5000);
  });
});

describe("A frame of a `data:` URL, which has all of its code in it", () => {
  it("takes no time, and is not ours", () => {
    const frame = `    at x (data:text/javascript;base64,${"A/".repeat(40_000)}:1:2)`;
    expect(framesOf(`${frame}\n${frame.slice(0, 4000)}:1:2)`)).toHaveLength(2);
  });

  it("takes no time where the engine itself is in it", async () => {
    const { outputFiles } = buildSync({
      stdin: {
        contents: `
          import { readableStack } from "./src/index.ts";
          const padding = ${JSON.stringify("/".repeat(500_000))};
          export const frames = readableStack(new Error("x")).frames.length + 0 * padding.length;
        `,
        resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
      },
      bundle: true,
      write: false,
      format: "esm",
    });
    const code = Buffer.from(outputFiles[0]?.contents ?? "").toString("base64");
    const { frames } = await import(`data:text/javascript;base64,${code}`);
    expect(frames).toBeGreaterThanOrEqual(0);
  });
});

describe("An error that the engine makes", () => {
  const thrownBy = (call: () => unknown): Error => {
    try {
      call();
    } catch (error) {
      return error as Error;
    }
    throw new Error("It threw nothing");
  };

  it("has no frames when it is handed to tasks and reports", async () => {
    const clock = new VirtualClock();
    const reasons: unknown[] = [];
    const waits = (name: string, options = {}): Task<unknown> =>
      task(
        name,
        (_, { signal }) => clock.wait(100, signal).finally(() => reasons.push(signal.reason)),
        options,
      );
    const text = task("text", () => {
      throw "text";
    });
    const cleanup = task("cleanup", (_, { defer }) => {
      defer(() => {
        throw "one";
      });
      throw "two";
    });
    const policy = task("policy", () => Promise.reject(new Error("x")), {
      retry: { attempts: 1, backoff: () => Number.NaN },
    });
    const list = map("list", task("one", () => 1) as never, () => 1);
    const key = task("key", { input: pick(text, "a" as never) }, () => 1);
    const slow = waits("slow", { timeoutMs: 10 });
    const stopped = flow("stopped", { slow, a: waits("a") });
    const others = flow("others", { text, cleanup, policy, list, key });
    const timeout = await clock.run(stopped.run({ clock }));
    const other = await clock.run(others.run({ clock, failure: "continue" }));
    const run = await clock.run(flow("run", { a: waits("a") }).run({ clock, timeoutMs: 10 }));
    const aborted = flow("aborted", { a: waits("a") }).start({ clock });
    aborted.cancel("enough");
    await aborted.report;
    const called = flow("called", { a: waits("a") }).start({ clock });
    called.cancelTask("a");
    await called.report;
    const errors = [timeout, other, run].flatMap(({ taskStatistics }) =>
      taskStatistics.flatMap(({ error }) => (error === undefined ? [] : [error])),
    );
    expect(errors.map(({ name }) => name).sort()).toEqual([
      "AggregateError",
      "AggregateError",
      "InputError",
      "NonErrorThrown",
      "TimeoutError",
    ]);
    expect(reasons.map((reason) => (reason as Error).name).sort()).toEqual([
      "RunAbortedError",
      "RunStoppedError",
      "TaskCancelledError",
      "TimeoutError",
      "TimeoutError",
    ]);
    for (const error of [...errors, ...reasons] as Error[]) {
      expect(error.stack).toBe(`${error.name}: ${error.message}`);
    }
  });

  it("begins with the caller's frame when it is thrown at the caller", async () => {
    const failed = await flow("f", {
      a: task("a", () => {
        throw new Error("x");
      }),
    }).run();
    const wrong = (): unknown => task("", () => 1);
    const unplanned = (): unknown => {
      const b = task("b", () => 1);
      return flow("f", { a: task("a", { b }, () => 1), other: task("b", () => 2) });
    };
    const unwraps = (): unknown => failed.unwrap();
    for (const call of [wrong, unplanned, unwraps]) {
      const error = thrownBy(call);
      const { head, frames } = readableStack(error);
      expect(head).toBe(`${error.name}: ${error.message}`);
      expect(frames[0]).toContain(`at ${call.name} `);
      expect(error.stack).toBe([head, ...frames].join("\n"));
      expect(Object.keys(error)).not.toContain("stack");
    }
    expect(thrownBy(unplanned)).toBeInstanceOf(PlanError);
    const [kept] = (thrownBy(unwraps) as RunError).errors;
    expect(kept.stack).toMatch(OURS);
  });

  it("is printed without a frame of ours, in what it holds too, which stays as it is", async () => {
    const boom = (): never => {
      throw new Error("boom", { cause: new Error("why") });
    };
    const inner = flow("inner", { a: task("a", () => boom()) });
    const outer = flow("outer", {
      b: task("b", async () => (await inner.run()).unwrap()),
      c: task("c", () => {
        throw new AggregateError([new TypeError("member")], "all");
      }),
    });
    const report = await outer.run({ failure: "continue" });
    const error = thrownBy(() => report.unwrap()) as RunError;
    const before = error.errors.map((one: Error) => one.stack);
    const printed = inspect(error, { depth: 10 });
    expect(printed).not.toMatch(OURS);
    for (const said of [
      "RunError: The run failed:",
      "boom",
      "[cause]: Error: why",
      "TypeError: member",
    ]) {
      expect(printed).toContain(said);
    }
    expect(printed).toMatch(/at boom \(.*readable-stack\.test\.ts/);
    expect(error.errors.map((one: Error) => one.stack)).toEqual(before);
    expect(error.errors).toContain((report.outcome("c") as { error: unknown }).error);
  });

  it("is printed whatever it holds", () => {
    const a = new Error("a");
    const circle = new RunError([a], "circle");
    a.cause = circle;
    const no = (): never => {
      throw new Error("no");
    };
    const hostile = new Proxy(new Error("x"), { get: no, getPrototypeOf: no, ownKeys: no });
    const frozen = Object.freeze(new Error("frozen"));
    const many = Array.from({ length: 10_000 }, (_, at) => new Error(`no ${at}`));
    expect(inspect(circle)).toContain("circle");
    expect(inspect(new RunError([hostile, frozen, "text", undefined], "odd"))).toContain("frozen");
    expect(inspect(new RunError(many, "many"))).toContain("9900 more items");
    expect(inspect(new RunError([], ""))).toContain("RunError");
  });

  it("says what is missing without a frame of ours, when a run is refused", async () => {
    const needs = flow("f", { a: task("a", { p: param<number>("p") }, () => 1) });
    const refused = await needs.run().then(String, (error: Error) => String(error.stack));
    expect(refused).toContain('needs the parameter "p"');
    expect(refused).not.toMatch(OURS);
  });
});

describe("In a real process, a task's error shows no frame of ours", () => {
  const home = fileURLToPath(new URL("../..", import.meta.url));
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "astrum stack-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** As `pnpm build` does it: with the entries in files of their own, and what they share in a chunk. */
  function built(into: string): string {
    const config = readFileSync(join(home, "tsup.config.ts"), "utf8");
    const chunkNames = /chunkNames = "(.+)"/.exec(config)?.[1] ?? "not set";
    buildSync({
      entryPoints: ["src/index.ts", "src/testing.ts"].map((entry) => join(home, entry)),
      bundle: true,
      splitting: true,
      format: "esm",
      outdir: into,
      chunkNames,
    });
    return join(into, "index.js");
  }

  const program = (core: string): string => `
    import { flow, readableStack, task } from ${JSON.stringify(core)};
    function load() { throw new Error("boom"); }
    const report = await flow("f", { a: task("a", () => load()) }).run();
    const { error } = report.outcome("a");
    console.log(JSON.stringify({ raw: error.stack, frames: readableStack(error).frames }));
  `;

  function run(file: string): { raw: string; frames: string[] } {
    return JSON.parse(execFileSync(process.execPath, [file], { encoding: "utf8" }));
  }

  it.each([
    ["linked from a checkout", "check out/packages/core/dist"],
    ["installed", "node_modules/@astrum/core/dist"],
  ])("%s", (_, place) => {
    const core = pathToFileURL(built(join(folder, place))).href;
    const file = join(folder, "program.mjs");
    writeFileSync(file, program(core));
    const { raw, frames } = run(file);
    expect(raw).toContain("core/dist/");
    expect(frames.join("\n")).not.toContain("core/dist/");
    expect(frames[0]).toMatch(/at load \(.*program\.mjs/);
    expect(frames.at(-1)).toMatch(/program\.mjs|node:internal/);
  });

  it("but bundled it cannot be told from the program, and no frame of that is lost", () => {
    const into = join(folder, "packages", "core", "dist");
    mkdirSync(into, { recursive: true });
    const outfile = join(into, "index.mjs");
    buildSync({
      stdin: { contents: program("./src/index.ts"), resolveDir: home },
      bundle: true,
      format: "esm",
      outfile,
    });
    const { raw, frames } = run(outfile);
    expect(frames).toEqual(raw.split("\n").slice(1));
  });
});
