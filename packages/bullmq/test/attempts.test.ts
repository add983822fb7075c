/** What a worker counts of its attempts, as Prometheus reads it. The store has no part in it. */
import { encodeValue } from "@astrum/core";
import type { Job } from "bullmq";
import client from "prom-client";
import { expect, it } from "vitest";
import { Names } from "../src/store/names.ts";
import { PROTOCOL } from "../src/wire/protocol.ts";
import { Signer } from "../src/wire/signature.ts";
import { Attempts, type AttemptsHost } from "../src/worker/attempts.ts";
import { workerMetrics } from "../src/worker/metrics.ts";

function counting(): { attempts: Attempts; metrics(): Promise<string>; logged: string[] } {
  const registry = new client.Registry();
  const logged: string[] = [];
  const double = { name: "double", run: (n: unknown) => Number(n) * 2, url: undefined };
  const attempts = new Attempts({
    client: { hget: async () => null } as unknown as AttemptsHost["client"],
    names: new Names({ queue: "q", prefix: "astrum" }),
    signer: new Signer(undefined),
    tasks: new Map([["double", double]]),
    runInThread: undefined,
    activators: [],
    executor: "h:1",
    log: ({ event }) => logged.push(event),
    metrics: workerMetrics(client, registry),
  });
  return { attempts, metrics: () => registry.metrics(), logged };
}

function job(attemptsStarted: number, given: object = {}): Job {
  const data = {
    v: PROTOCOL,
    runId: "r",
    taskName: "t",
    attempt: 1,
    args: encodeValue([4]),
    maxBytes: 99,
    ...given,
  };
  const timestamp = Date.now() - 2_000;
  return { id: "r/t/1", name: "double", data, timestamp, attemptsStarted } as unknown as Job;
}

it("A worker counts how long jobs waited, how they ended, and which were started again", async () => {
  const { attempts, metrics, logged } = counting();
  expect(await attempts.run(job(1), "token")).toMatchObject({ value: { value: 8 }, deliveries: 1 });
  expect(await attempts.run(job(3), "token")).toMatchObject({ value: { value: 8 }, deliveries: 3 });
  const text = await metrics();
  for (const line of [
    'astrum_worker_queue_wait_seconds_count{task="double"} 2',
    'astrum_worker_queue_wait_seconds_bucket{le="1",task="double"} 0',
    'astrum_worker_attempt_duration_seconds_count{task="double",result="completed"} 2',
    'astrum_worker_redelivered_total{task="double"} 1',
    "astrum_worker_running 0",
  ])
    expect(text).toContain(`\n${line}\n`);
  expect(logged).toEqual(["job.redelivered"]);
});

it("A lost lease is counted once, whoever tells of it and however often", async () => {
  const { attempts, metrics, logged } = counting();
  attempts.leasesLost(["r/a/1"]);
  attempts.leasesLost(["r/a/1", "r/b/1"]);
  for (const jobId of ["r/a/1", "r/c/1"]) {
    const refused = new Error(`Lock mismatch for job ${jobId}. Cmd moveToFinished from active`);
    expect(attempts.toldOfLease(Object.assign(refused, { code: -6 }))).toBe(true);
  }
  expect(attempts.toldOfLease(new Error("READONLY"))).toBe(false);
  expect(await metrics()).toContain("\nastrum_worker_leases_lost_total 3\n");
  expect(logged).toEqual(["lease.lost", "lease.lost", "result.refused", "result.refused"]);
});

it("A job whose arguments cannot be read is refused, and its function is not called", async () => {
  const { attempts, logged } = counting();
  const damaged = [
    { encoding: "tagged", version: 2, value: [4] },
    { encoding: "tagged", version: 1, value: [{ $: ["bigint", "four"] }] },
    { encoding: "json", value: 4 },
    {},
  ];
  for (const args of damaged)
    await expect(attempts.run(job(1, { args }), "token")).rejects.toThrow(
      /arguments cannot be read.*"kind":"refused","reason":"unreadable"/s,
    );
  expect(logged).toEqual(damaged.map(() => "job.refused"));
});
