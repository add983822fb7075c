import { expect, it } from "vitest";
import type { JobData } from "../src/wire/protocol.ts";
import { ProgressLine } from "../src/worker/progress-line.ts";
import { WorkerContext } from "../src/worker/worker-context.ts";

function contextOf(said: unknown[] = []): { context: WorkerContext; controller: AbortController } {
  const data = { taskName: "t", runId: "r", attempt: 2, attributes: [["region", "eu"]] };
  const line = new ProgressLine(async (word) => {
    said.push(word);
  });
  const controller = new AbortController();
  const context = new WorkerContext(data as unknown as JobData, 1, controller.signal, line);
  return { context, controller };
}

it("The context on a worker can be spread and taken apart as in the scheduler's process", async () => {
  const said: unknown[] = [];
  const { context } = contextOf(said);
  const { progress, spent, defer, mine, ...rest } = { ...context, mine: true };
  const cleaned: string[] = [];
  progress(0.5, "half");
  spent("llm", 7);
  spent("llm", 3);
  expect([...context.spending]).toEqual([["llm", 3]]);
  expect(() => spent("llm", -1)).toThrow("needs a finite amount from 0 up");
  defer(() => cleaned.push("cleaned"));
  await context.cleanUp();
  expect([cleaned, mine]).toEqual([["cleaned"], true]);
  expect(said).toMatchObject([{ fraction: 0.5, message: "half" }]);
  expect(Object.keys(rest).sort()).toEqual([
    "attempt",
    "attributes",
    "deliveries",
    "idempotencyKey",
    "journalEntry",
    "log",
    "remainingMs",
    "runId",
    "signal",
    "skip",
    "taskName",
  ]);
});

it("The journal is where the run is, so that a worker has no entry for it", () => {
  expect(() => contextOf().context.journalEntry(1)).toThrow(
    'context.journalEntry() of task "t": the journal is in the process of the run, not in this worker',
  );
});

it("What a function says of its progress harms nothing, whatever it is", async () => {
  const said: unknown[] = [];
  const progress = contextOf(said).context.progress as (...told: unknown[]) => void;
  const hostile = [Object.create(null), Symbol("sign"), 5n, { toString: () => ({}) }];
  for (const fraction of [...hostile, undefined, Number.NaN, "0.5"])
    progress(fraction, "no number");
  for (const message of [...hostile, null]) {
    progress(0.5, message);
    await new Promise((resolve) => setImmediate(resolve)); // Sent, so that the next is not merged with it.
  }
  expect(said.map((word) => (word as { message: string }).message)).toEqual([
    "an object",
    "Symbol(sign)",
    "5",
    "an object",
    "null",
  ]);
});

it("Any number may listen to the signals of a context: no warning of a leak", async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error): void => {
    warnings.push(name);
  };
  process.on("warning", note);
  const { context } = contextOf();
  const listen = (signal: AbortSignal): void => {
    for (let at = 0; at < 30; at++) signal.addEventListener("abort", () => {});
  };
  listen(context.signal);
  context.defer(listen);
  await context.cleanUp();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);
});
