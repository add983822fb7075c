import client from "prom-client";
import { expect, it } from "vitest";
import { countByTask } from "../src/store/status.ts";
import { workerMetrics } from "../src/worker/metrics.ts";

it("Workers are counted by task and version, whatever a task is called", () => {
  const worker = (version: string, ...tasks: string[]) => ({
    executor: "h:1",
    version,
    protocol: 2,
    tasks,
    concurrency: 1,
    running: 0,
    draining: false,
  });
  const counts = countByTask([
    worker("1.0.0", "render", "toString"),
    worker("1.0.0", "render"),
    worker("1.1.0", "render", "__proto__"),
  ]);
  expect(Object.entries(counts)).toEqual([
    ["render", { "1.0.0": 2, "1.1.0": 1 }],
    ["toString", { "1.0.0": 1 }],
    ["__proto__", { "1.1.0": 1 }],
  ]);
});

it("Two workers of one process say together how many attempts are under way", async () => {
  const registry = new client.Registry();
  const [one, two] = [workerMetrics(client, registry), workerMetrics(client, registry)];
  one.running(1);
  two.running(1);
  two.running(1);
  one.running(-1);
  expect(await registry.metrics()).toContain("\nastrum_worker_running 2\n");
});
