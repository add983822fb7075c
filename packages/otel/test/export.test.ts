import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { flow, flushObservers, type Runner, task } from "@astrum/core";
import { context, propagation, trace } from "@opentelemetry/api";
import { buildSync } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import { otelObserver } from "../src/index.ts";
import { line } from "./sdk-line.ts";
import { named, traced, tree } from "./traced.ts";

it("A collector that refuses at first gets everything all the same, packed", async () => {
  const { spans, requests } = await traced({ refuse: 1 });
  const first = task("first", () => 1);
  await flow("f", { second: task("second", { first }, () => 2) }).run({
    observers: [otelObserver()],
  });
  expect(tree(await spans())).toBe("run f\n  task first\n  task second <= task first");
  const packed = { encoding: "gzip", type: "application/x-protobuf" };
  expect(requests).toMatchObject([
    { ...packed, answered: 503 },
    { ...packed, answered: 200 },
  ]);
});

it("5,000 spans of one run arrive when the queue is large enough, and cost the collector some 400 bytes each", async () => {
  const { spans, requests } = await traced();
  const wide = Object.fromEntries(
    Array.from({ length: 5000 }, (_, at) => [`t${at}`, task(`t${at}`, async () => at)]),
  );
  await flow("wide", wide).run({ observers: [otelObserver()] });
  expect((await spans()).length).toBe(5001);
  expect(requests.every(({ answered }) => answered === 200)).toBe(true);
});

it("The usual queue of 2,048 loses most of such a run: the advice in the documentation is needed", async () => {
  const { spans } = await traced({ maxQueueSize: 2048 });
  const wide = Object.fromEntries(
    Array.from({ length: 5000 }, (_, at) => [`t${at}`, task(`t${at}`, () => at)]),
  );
  await flow("wide", wide).run({ observers: [otelObserver()] });
  expect((await spans()).length).toBeLessThan(4000);
});

it("flushObservers() hands on what the SDK has buffered", async () => {
  const { requests } = await traced();
  const observer = otelObserver();
  await flow("f", {}).run({ observers: [observer] });
  expect(requests).toHaveLength(0);
  await flushObservers();
  expect(requests).toHaveLength(1);
});

/**
 * A thread starts no TypeScript, and finds the API where the SDK of this Node has it: its program, our entry for workers
 * and the SDK, as plain JavaScript beside that.
 */
function threadProgram(): Record<"thread" | "activator" | "sdk", string> {
  const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
  const built = (name: string, entry: string): string => {
    const outfile = path(`./sdk-${line}/node_modules/.astrum/${name}.mjs`);
    buildSync({
      entryPoints: [path(entry)],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
    });
    return pathToFileURL(outfile).href;
  };
  return {
    thread: built("thread", "./thread.js"),
    activator: built("activator", "../src/worker.ts"),
    sdk: built("sdk", `./sdk-${line}/index.ts`),
  };
}

it("Spans of a worker thread, exported by its own SDK, belong to the same trace, and it reads the baggage", async () => {
  const { spans, url } = await traced();
  const { thread, ...modules } = threadProgram();
  const worker = new Worker(new URL(thread), { workerData: { url, ...modules } });
  onTestFinished(() => void worker.terminate());
  const inThread: Runner = (attempt) =>
    new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      attempt.setExecutor("thread-1");
      worker.postMessage({ carrier: attempt.carrier(), task: attempt.info.task.name });
    });
  const baggage = propagation.createBaggage({ tenant: { value: "t7" } });
  const heavy = task("heavy", () => "never called here", { retry: 1 });
  const report = await context.with(propagation.setBaggage(context.active(), baggage), () =>
    flow("f", { heavy }).run({ runner: inThread, observers: [otelObserver()] }),
  );
  expect(report.outputs.heavy).toEqual({ tenant: "t7" });
  const received = await spans();
  expect(tree(received)).toBe(
    "run f\n  task heavy\n    attempt heavy #1\n      work of heavy\n        inner work",
  );
  expect(new Set(received.map(({ traceId }) => traceId)).size).toBe(1);
  expect(named(received, "attempt heavy").attributes["astrum.attempt.executor"]).toBe("thread-1");
  expect(trace.getActiveSpan()).toBeUndefined();
});
