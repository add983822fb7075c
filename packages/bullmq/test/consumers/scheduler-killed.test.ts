import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { flow, task } from "@astrum/core";
import { expect, test } from "vitest";
import { type Fleet, remote } from "../../src/index.ts";
import { openRig, type Rig, until } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();
const PROGRAM = fileURLToPath(new URL("../programs/scheduler.ts", import.meta.url));

interface Printed {
  readonly state: string;
  readonly outputs: Record<string, number>;
}

/** Starts a scheduler. With `kill` it is killed when that resolves, which is called once it has the run. */
async function schedule(rig: Rig, kill?: () => Promise<unknown>): Promise<Printed | undefined> {
  const options = {
    runId: "r",
    queue: rig.queue,
    connection: { url: rig.redis.url },
    leaseMs: 300,
    reconcileMs: 100,
  };
  const node = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx")];
  const child = spawn(process.execPath, [...node, PROGRAM, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const gone = once(child, "exit");
  if (kill !== undefined) {
    await until(async () => {
      const holder = await rig.redis.client.hget("astrum:{jobs}:run:r", "holder");
      return holder?.includes(`:${child.pid}/`) ?? false;
    });
    await kill();
    child.kill("SIGKILL");
  }
  await gone;
  return printed === "" ? undefined : (JSON.parse(printed) as Printed);
}

test("a scheduler that is killed 50 times takes up its run each time, and no completed task runs again", async () => {
  const rig = await openRig();
  await rig.worker({ concurrency: 20 });
  const completed = (): Promise<number> => rig.redis.client.zcard("astrum:{jobs}:completed");
  for (let kills = 0; kills < 50; kills++) {
    // Each may complete 20 more, so that there is something left to do however long it lives.
    const below = 20 * (kills + 1);
    const printed = await schedule(rig, async () => {
      const before = await completed();
      await rig.letGo(below);
      if (kills % 2 === 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
      else await until(async () => (await completed()) > before);
    });
    expect(printed).toBeUndefined();
    expect(await completed()).toBeLessThanOrEqual(below);
  }
  await rig.letGo();
  const printed = await schedule(rig);
  expect(printed?.state).toBe("completed");
  expect(printed?.outputs).toEqual(
    Object.fromEntries(Array.from({ length: 1_200 }, (_, n) => [`t${n}`, n])),
  );
  const starts = await rig.starts();
  expect(new Set(starts).size).toBe(1_200);
  expect(starts).toHaveLength(1_200);
}, 1_800_000);

/** Two schedulers, and a run that the first has under way and that never ends. */
async function underWay() {
  const rig = await openRig();
  await rig.worker();
  // That this process is not too busy to renew.
  const leaseMs = 3_000;
  const [first, second] = [await rig.fleet({ leaseMs }), await rig.fleet({ leaseMs })];
  const endless = (fleet: typeof first) =>
    flow("f", { endless: task("endless", fleet.task(jobs.endless)) }).run({ runId: "r" });
  void endless(first);
  await until(async () => (await rig.starts()).length === 1);
  return { rig, first, second, endless };
}

test("a second scheduler with the same runId is refused while the first is alive", async () => {
  const { rig, second, endless } = await underWay();
  const report = await endless(second);
  expect(report.outcome("endless")).toMatchObject({
    status: "failed",
    error: {
      name: "RunInUseError",
      runId: "r",
      holder: expect.stringContaining(`:${process.pid}`),
    },
  });
  expect(await rig.starts()).toHaveLength(1);
});

test("a call of what is under way in this process already is refused, and the run stays this scheduler's", async () => {
  const { rig, first, second, endless } = await underWay();
  const again = await endless(first);
  expect(again.outcome("endless")).toMatchObject({ error: { name: "RunInUseError" } });
  // Longer than the lease, of which each renewal is a third: after one, a run that nobody is at any more is given back.
  const renewals = async () => Number(await rig.redis.client.hget("astrum:{jobs}:run:r", "beats"));
  const before = await renewals();
  await until(async () => (await renewals()) > before + 4);
  const elsewhere = await endless(second);
  expect(elsewhere.outcome("endless")).toMatchObject({ error: { name: "RunInUseError" } });
});

test("a run that was left is taken up: what was completed counts, what failed is tried again", async () => {
  const rig = await openRig();
  const worker = await rig.worker();
  const graph = (fleet: Fleet) => {
    const two = task("two", { n: task("n", () => 1) }, fleet.task(jobs.double));
    const missing = remote<{ missing(input: object): string }>().missing;
    return flow("f", { two, missing: task("missing", fleet.task(missing)) });
  };
  const first = await rig.fleet({ unknownTaskMs: 300 });
  const before = await graph(first).run({ runId: "r", failure: "continue" });
  expect(before.executionState).toBe("failed");
  await first.close();
  const second = await rig.fleet({ unknownTaskMs: 300 });
  const after = await graph(second).run({ runId: "r", failure: "continue" });
  expect(after.outcome("two")).toMatchObject({ status: "completed", value: 2 });
  expect(await rig.starts()).toEqual(["r/two/1"]);
  expect(worker.logged.some(({ event }) => event === "job.left")).toBe(true);
});

test("a runId that is used again with other inputs is refused, and goes on with its own at once", async () => {
  const rig = await openRig();
  await rig.worker();
  const run = (fleet: Fleet, n: number) =>
    flow("f", { d: task("d", { n: task("n", () => n) }, fleet.task(jobs.double)) }).run({
      runId: "r",
    });
  const first = await rig.fleet();
  expect((await run(first, 1)).outcome("d")).toMatchObject({ value: 2 });
  await first.close();
  // All it hears is what it asks for when it takes up the run.
  const second = await rig.fleet({ events: false, reconcileMs: 300_000 });
  expect((await run(second, 2)).outcome("d")).toMatchObject({
    error: { name: "RunIdReusedError" },
  });
  expect((await run(second, 1)).outcome("d")).toMatchObject({ value: 2 });
  expect(await rig.starts()).toEqual(["r/d/1"]);
});
