import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { WorkerModuleError, workerModule } from "../src/index.ts";
import { openPool, rejection, tasks } from "./rig.ts";

interface Runnable {
  run(): string;
}

function moduleAt(path: string): { readonly url: string; readonly module: typeof anyModule } {
  const url = new URL(`./modules/${path}`, import.meta.url);
  return { url: url.href, module: workerModule<Runnable>(url) };
}
const anyModule = workerModule<Runnable>(new URL("file:///any.js"));

describe("a module", () => {
  test("that is not there is named", async () => {
    const { url, module } = moduleAt("nowhere.js");
    const pool = openPool();
    const error = await rejection(pool.task(module.run)());
    expect(error).toBeInstanceOf(WorkerModuleError);
    expect(error).toMatchObject({
      reason: "not-found",
      url,
      retryable: false,
      message: `Task "run": there is no file ${url} and none that ends in .ts`,
    });
    expect(await pool.task(tasks.double)(1)).toBe(2);
  });

  test("is found before and after it was compiled, whichever of the two is named", async () => {
    const at = (path: string): URL => new URL(`./modules/${path}`, import.meta.url);
    const typed = workerModule<typeof import("./modules/typed.ts")>(at("typed.js"));
    const plain = workerModule<{ double(n: number): number }>(at("tasks.ts"));
    const pool = openPool({ threads: 1 });
    expect(await pool.task(typed.area)({ width: 2, height: 3 })).toBe(6);
    expect(await pool.task(plain.double)(4)).toBe(8);
  });

  test("without the export names those it has", async () => {
    const { module } = moduleAt("faults.js");
    const error = await rejection(openPool().task(module.run)());
    expect(error).toMatchObject({
      reason: "no-export",
      exports: expect.arrayContaining(["exit", "loopForever"]),
      message: expect.stringContaining(
        'exports no function "run"; it exports abort, answerAndExit',
      ),
    });
  });

  test("whose export is no function is told apart, as are names that every object has", async () => {
    const pool = openPool();
    for (const exportName of ["notAFunction", "toString", "__proto__"])
      expect(await rejection(pool.task({ ...tasks.double, exportName })(1))).toMatchObject({
        reason: "no-export",
      });
  });

  test("that throws on import gives what it threw as the cause", async () => {
    const { module } = moduleAt("../fixtures/throws.js");
    const pool = openPool();
    for (let attempt = 1; attempt <= 2; attempt++) {
      const error = await rejection(pool.task(module.run)());
      expect(error).toMatchObject({
        reason: "import-failed",
        retryable: false,
        message: expect.stringContaining("broken at the top"),
      });
      expect((error as Error).cause).toBeInstanceOf(TypeError);
    }
  });

  test("that lacks a dependency names the dependency", async () => {
    const { module } = moduleAt("../fixtures/missing-dependency.js");
    expect(await rejection(openPool().task(module.run)())).toMatchObject({
      reason: "import-failed",
      message: expect.stringContaining("no-such-dependency.js"),
      cause: { code: "ERR_MODULE_NOT_FOUND" },
    });
  });

  test("is told with an address that can be clicked: nothing is glued to it", async () => {
    const paths = ["nowhere.js", "faults.js", "../fixtures/throws.js"];
    const calls = [...paths, "../fixtures/missing-dependency.js"].map((path) =>
      rejection(openPool().task(moduleAt(path).module.run)()),
    );
    const activators = [new URL("./modules/tasks.js", import.meta.url)];
    calls.push(rejection(openPool({ threads: 1, activators }).task(tasks.double)(1)));
    for (const error of await Promise.all(calls)) {
      const { message } = error as Error;
      expect(message).toMatch(/file:\/\/\S+\.js( |$)/);
      expect(message).not.toMatch(/\.js['"]?[.,;:]+( |$)/);
    }
  });

  test("that exits on import is a crash before the function began", async () => {
    const { module } = moduleAt("../fixtures/exits.js");
    const pool = openPool();
    expect(await rejection(pool.task(module.run)())).toMatchObject({
      name: "WorkerCrashedError",
      exitCode: 5,
      started: false,
    });
    expect(await pool.task(tasks.double)(1)).toBe(2);
  });

  test("that never finishes loading is bounded by the time-out and the signal", async () => {
    const { module } = moduleAt("../fixtures/loops.js");
    const pool = openPool();
    const late = await rejection(pool.task(module.run, { timeoutMs: 50 })());
    expect(late).toMatchObject({ name: "WorkerTimeoutError" });
    const signal = AbortSignal.timeout(50);
    expect(await rejection(pool.task(module.run)({}, { signal }))).toBe(signal.reason);
  });

  test("has its loading time beside the time-out of the function", async () => {
    const { module } = moduleAt("slow-to-load.js");
    expect(await openPool().task(module.run, { timeoutMs: 3_500 })()).toBe("done");
  });

  test("may await at its top level", async () => {
    const { module } = moduleAt("top-level-await.js");
    expect(await openPool().task(module.run)()).toBe("ready");
  });
});

describe("preloaded modules", () => {
  test("are imported in order before the first task", async () => {
    const preload = ["first", "second"].map(
      (name) => new URL(`./modules/preload-${name}.js`, import.meta.url),
    );
    expect(await openPool({ preload }).task(tasks.preloaded)()).toEqual(["first", "second"]);
  });

  test("that fail make every task fail with the reason", async () => {
    const pool = openPool({ preload: [new URL("./fixtures/throws.js", import.meta.url)] });
    for (let attempt = 1; attempt <= 2; attempt++)
      expect(await rejection(pool.task(tasks.double)(1))).toMatchObject({
        name: "WorkerModuleError",
        url: expect.stringContaining("throws.js"),
      });
  });
});

describe("a module in TypeScript", () => {
  const native = Boolean(Reflect.get(process.features, "typescript"));

  test(`runs ${native ? "by itself" : "through tsx, which is installed beside it"}`, async () => {
    const typed = workerModule<typeof import("./modules/typed.ts")>(
      new URL("./modules/typed.ts", import.meta.url),
    );
    expect(await openPool().task(typed.area)({ width: 6, height: 7 })).toBe(42);
  });

  test(`${native ? "needs no tsx" : "says what to do where there is no tsx"}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "astrum-threads-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(new URL("./modules/typed.ts", import.meta.url), join(folder, "typed.ts"));
    const url = pathToFileURL(join(folder, "typed.ts"));
    // Package managers put their own folders on NODE_PATH, where tsx would be found after all.
    const pool = openPool({ threads: 1, env: { ...process.env, NODE_PATH: "" } });
    const run = pool.task(workerModule<typeof import("./modules/typed.ts")>(url).area);
    const outcome = await run({ width: 6, height: 7 }).catch((error: unknown) => error);
    if (native) expect(outcome).toBe(42);
    else
      expect(outcome).toMatchObject({
        name: "WorkerModuleError",
        reason: "no-typescript",
        message: expect.stringContaining("Use Node 22.18 or later, install tsx beside it"),
      });
  });
});

describe("workerModule", () => {
  test("accepts a URL, its text and an absolute path", () => {
    const path = join(tmpdir(), "tasks.js");
    const url = pathToFileURL(path);
    for (const given of [url, url.href, path])
      expect(workerModule<Runnable>(given).run).toEqual({ url: url.href, exportName: "run" });
  });

  test("refuses what is relative to nobody knows what, and what is no URL", () => {
    for (const given of ["./tasks.js", "tasks.js", "", 7 as unknown as string])
      expect(() => workerModule(given)).toThrow('write new URL("./tasks.js", import.meta.url)');
  });

  test("is not taken for a promise", async () => {
    expect(await Promise.resolve(anyModule)).toBe(anyModule);
  });
});
