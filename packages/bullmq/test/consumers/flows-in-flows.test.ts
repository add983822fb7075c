/** Flows in flows whose tasks run on the fleet. */
import { flow, map, task, value } from "@astrum/core";
import { expect, test } from "vitest";
import { type Fleet, remote } from "../../src/index.ts";
import { openRig, type Rig, SHORT_LEASE, until, type WorkerProcess } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();

const PHOTOS = Array.from({ length: 8 }, (_, n) => n);

/** Each photo becomes a flow of two tasks of the fleet: what `resize` gives is held in its worker by the photo's number. */
function album(fleet: Fleet) {
  const photo = (n: number) => {
    const load = task("load", { n: value(n) }, fleet.task(jobs.double));
    return flow("photo", { resize: task("resize", { load }, fleet.task(jobs.sum)) });
  };
  return flow("album", {
    photos: map(
      "photos",
      task("list", () => PHOTOS),
      photo,
    ),
  });
}

const IDS = PHOTOS.flatMap((n) => [`r/photos[${n}].load/1`, `r/photos[${n}].resize/1`]).sort();
const GIVEN = PHOTOS.map((n) => ({ resize: 2 * n + 1 }));

/** The jobs of tasks called so that have begun in it and have not ended. */
async function inHand({ redis, starts }: Rig, worker: WorkerProcess, name: string) {
  const begun = new Set(await starts());
  const active = await redis.client.lrange("astrum:{jobs}:active", 0, -1);
  const had = await Promise.all(active.map((id) => redis.client.hget(`astrum:{jobs}:${id}`, "pb")));
  return active.filter(
    (id, at) => id.includes(name) && begun.has(id) && had[at]?.endsWith(`:${worker.pid}`),
  );
}

// Of the eight that are held each worker has four.
test("tasks inside of items are jobs called by path, and started again, once and said, when their worker is killed", async () => {
  const rig = await openRig();
  const options = { lease: SHORT_LEASE, concurrency: 4 };
  const [victim, other] = await Promise.all([rig.worker(options), rig.worker(options)]);
  const run = album(await rig.fleet()).run({ runId: "r" });
  let lost: string[] = [];
  await until(async () => {
    // Asked in this order: when all have started, nobody takes another one.
    if (new Set(await rig.starts()).size < IDS.length) return false;
    lost = await inHand(rig, victim, ".resize");
    return lost.length > 0;
  });
  await victim.kill();
  await rig.letGo();
  const report = await run;
  expect(report.unwrap().photos).toEqual(GIVEN);
  expect((await rig.redis.client.zrange("astrum:{jobs}:completed", "0", "-1")).sort()).toEqual(IDS);

  const starts = await rig.starts();
  expect([...new Set(starts)].sort()).toEqual(IDS);
  const twice = starts.filter((id, at) => starts.indexOf(id) !== at).sort();
  expect(twice).toEqual(lost.sort());
  const attempts = report.taskStatistics.flatMap((row) => row.attemptStatistics);
  const told = attempts.filter(({ deliveries }) => deliveries !== undefined);
  expect(told.map(({ taskName }) => `r/${taskName}/1`).sort()).toEqual(lost);
  for (const { deliveries, executor } of told) {
    expect(deliveries).toBe(2);
    expect(executor).toMatch(new RegExp(`:${other.pid}$`));
  }
});

test("a run that was left in the middle is taken up: what was completed inside of its items is not called again", async () => {
  const rig = await openRig();
  await rig.worker({ concurrency: 20 });
  const first = await rig.fleet();
  const left = album(first).run({ runId: "r" });
  await until(async () => (await rig.starts()).length === IDS.length);
  await rig.letGo(4);
  await until(async () => (await rig.redis.client.zcard("astrum:{jobs}:completed")) === 12);
  await first.destroy();
  expect((await left).executionState).not.toBe("completed");
  await rig.letGo();
  const report = await album(await rig.fleet()).run({ runId: "r" });
  expect(report.unwrap().photos).toEqual(GIVEN);
  const starts = await rig.starts();
  const completed = IDS.filter((id) => id.includes(".load") || /\[[0-3]\]/.test(id));
  for (const id of completed) expect(starts.filter((start) => start === id)).toEqual([id]);
});

test("a function of the fleet that returns a flow fails its attempt, says so, and is not tried again", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const gives = task("gives", fleet.task(jobs.returnsFlow), { retry: 2 });
  const report = await flow("outer", { gives }).run({ runId: "r" });
  expect(report.taskStatistics).toMatchObject([{ status: "failed", attemptCount: 1 }]);
  expect(report.errorSummary).toEqual([
    'Task "gives" failed: result is a flow (only a function in the process of the run may return one: return what it is made of, and make it in a task there), so it cannot be sent back from a worker.',
  ]);
  expect(report.outcome("gives")).toMatchObject({ error: { name: "RemoteSerializationError" } });
  expect(await rig.starts()).toEqual(["r/gives/1"]);
});
