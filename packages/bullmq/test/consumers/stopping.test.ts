import { flow, fromEvents, type RunOptions, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { type Fleet, remote } from "../../src/index.ts";
import { openRig, until } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();

function deaf(fleet: Fleet, options: RunOptions) {
  const slow = task("deaf", { n: task("n", () => 1) }, fleet.task(jobs.deaf));
  return flow("f", { slow }).run({ runId: "r", ...options });
}

test("a queued task that is called off never starts", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const abort = new AbortController();
  const run = flow("f", { endless: task("endless", fleet.task(jobs.endless)) }).run({
    runId: "r",
    signal: abort.signal,
  });
  await until(async () => (await rig.redis.client.llen("astrum:{jobs}:wait")) === 1);
  abort.abort(new Error("enough"));
  expect((await run).taskStatistics).toMatchObject([{ status: "cancelled" }]);
  expect(await rig.redis.client.llen("astrum:{jobs}:wait")).toBe(0);
  await rig.worker();
  const { two } = (
    await flow("g", { two: task("two", { n: task("n", () => 1) }, fleet.task(jobs.double)) }).run()
  ).unwrap();
  expect(two).toBe(2);
  expect((await rig.starts()).filter((start) => start.includes("endless"))).toEqual([]);
});

test("a task that is called off while the store refuses it is never put in, and rejects with the reason", async () => {
  const rig = await openRig();
  const { client } = rig.redis;
  const fleet = await rig.fleet();
  let tries = 0;
  const watched = await client.duplicate().monitor();
  onTestFinished(() => watched.disconnect());
  watched.on("monitor", (_at: string, [command, ...args]: string[]) => {
    if (/^evalsha$/i.test(command ?? "") && args.some((arg) => arg.includes("endless"))) tries++;
  });
  await client.config("SET", "maxmemory", "1");
  const abort = new AbortController();
  const refused = fleet.task(jobs.endless)({}, { signal: abort.signal });
  const rejected = expect(refused).rejects.toThrow("enough");
  await until(() => tries >= 2);
  abort.abort(new Error("enough"));
  await rejected;
  await client.config("SET", "maxmemory", "0");
  await rig.worker();
  expect(await fleet.task(jobs.double)({ n: 1 })).toBe(2);
  expect(await rig.starts()).toHaveLength(1);
  expect((await fleet.status()).waiting).toBe(0);
});

test("a running task is asked to stop with the reason of the caller, and stops", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const abort = new AbortController();
  const began = fromEvents("began", (event) => {
    if (event.type === "attempt.progress") abort.abort(new Error("enough"));
  });
  const report = await flow("f", { endless: task("endless", fleet.task(jobs.endless)) }).run({
    signal: abort.signal,
    observers: [began],
  });
  expect(report.executionState).toBe("cancelled");
  expect(report.taskStatistics).toMatchObject([{ status: "cancelled" }]);
  expect(report.taskStatistics[0]).not.toHaveProperty("ignoredSignal", true);
});

test("a cancel is said again until it is heard", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const worker = await rig.worker();
  const abort = new AbortController();
  const run = flow("f", { endless: task("endless", fleet.task(jobs.endless)) }).run({
    runId: "r",
    signal: abort.signal,
  });
  await until(async () => (await rig.starts()).length === 1);
  // Nobody hears what is said while the worker stands still; it must come again when it goes on.
  worker.child.kill("SIGSTOP");
  await rig.redis.client.call("CLIENT", "KILL", "TYPE", "pubsub");
  abort.abort(new Error("enough"));
  await until(async () => /cmdstat_publish/.test(await rig.redis.client.info("commandstats")));
  worker.child.kill("SIGCONT");
  expect((await run).executionState).toBe("cancelled");
});

test("a task that ignores its signal is abandoned after graceMs, and its late result is not heard", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const abort = new AbortController();
  const began = fromEvents("began", (event) => {
    if (event.type === "attempt.progress") abort.abort(new Error("enough"));
  });
  const report = await deaf(fleet, {
    signal: abort.signal,
    observers: [began],
    graceMs: 200,
  });
  expect(report.taskStatistics.at(-1)).toMatchObject({ taskName: "deaf", status: "abandoned" });
  await rig.letGo();
  await until(async () => (await rig.redis.client.zcard("astrum:{jobs}:completed")) === 1);
  expect(report.taskStatistics.at(-1)).toMatchObject({ status: "abandoned" });
});

test("what was asked to stop and goes on settles when its fleet is closed", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const abort = new AbortController();
  const run = deaf(fleet, { signal: abort.signal });
  await until(async () => (await rig.starts()).length === 1);
  abort.abort(new Error("enough"));
  await fleet.close();
  const report = await run;
  expect(report.executionState).toBe("cancelled");
  const deafRow = report.taskStatistics.find(({ taskName }) => taskName === "deaf");
  expect(deafRow).toMatchObject({
    status: "cancelled",
    attemptStatistics: [{ error: { name: "FleetClosedError" } }],
  });
});

test("after a time-out the late result is ignored, and the next attempt has a job of its own", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const n = task("n", () => 1);
  const clock = new VirtualClock();
  const started = (count: number): Promise<void> =>
    until(async () => (await rig.starts()).length === count);
  const limits = { timeoutMs: 500, retry: 1 };
  const slow = task("deaf", { n }, fleet.task(jobs.deaf), limits);
  const run = flow("f", { slow }).run({ runId: "r", clock, graceMs: 100 });
  await started(1);
  await clock.advance(600);
  const report = await run;
  expect(report.taskStatistics.at(-1)?.attemptStatistics).toMatchObject([{ status: "abandoned" }]);
  const polite = task("held", { n }, fleet.task(jobs.held), limits);
  let ended = false;
  const end = fromEvents("end", ({ type }) => {
    ended ||= type === "attempt.end";
  });
  const again = flow("g", { polite }).run({ runId: "s", clock, observers: [end] });
  await started(2);
  await clock.advance(500);
  await until(() => ended);
  // The pause before the next attempt.
  await clock.advance(60_000);
  await started(3);
  await clock.advance(500);
  expect((await again).outcome("held")).toMatchObject({ error: { name: "TimeoutError" } });
  expect((await rig.starts()).slice(1)).toEqual(["s/held/1", "s/held/2"]);
});
