import { flow, map, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { expect, it } from "vitest";
import { otelObserver } from "../src/index.ts";
import { type Point, sdk } from "./sdk.ts";

/** `metric{attributes} value`, a line each. */
function lines(points: readonly Point[]): string[] {
  return points
    .map(({ metric, unit, attributes, value }) => {
      const labels = Object.entries(attributes)
        .filter(([key]) => key !== "astrum.flow.name")
        .map(([key, held]) => `${key.replace(/^astrum\./, "")}=${held}`);
      const shown = typeof value === "number" ? value : `${value.count} in ${value.sum}`;
      return `${metric}[${unit}]{${labels.sort()}} ${shown}`;
    })
    .sort();
}

it("A run is measured in seconds and counts; gauges end at nothing; items count and their map does not", async () => {
  const { provider, points } = sdk.startMetrics();
  const clock = new VirtualClock();
  const observers = [otelObserver({ meterProvider: provider })];
  const list = task("list", scripted(clock, { ms: 100, return: [1, 2] }));
  const items = map("items", list, () => clock.wait(250));
  const flaky = task("flaky", scripted(clock, { throw: "no" }, { ms: 500 }), { retry: 1 });
  const bad = task("bad", scripted(clock, { ms: 10, throw: "bad" }), { onFailure: "ignore" });
  const next = task("next", { bad }, () => 1);
  await clock.run(flow("f", { items, flaky, next }).run({ clock, concurrency: 3, observers }));
  await clock.run(
    flow("f", { bad: task("bad", scripted(clock, { throw: new TypeError("x") })) }).run({
      clock,
      observers,
    }),
  );
  const all = await points();
  expect(lines(all)).toEqual([
    "astrum.run.active[{run}]{} 0",
    "astrum.run.duration[s]{error.type=TypeError,run.result=failure} 1 in 0",
    "astrum.run.duration[s]{run.result=success} 1 in 0.5",
    "astrum.task.active[{task}]{task.state=ready} 0",
    "astrum.task.active[{task}]{task.state=running} 0",
    "astrum.task.active[{task}]{task.state=waiting} 0",
    "astrum.task.duration[s]{error.type=Error,task.name=bad,task.result=failure} 1 in 0.01",
    "astrum.task.duration[s]{error.type=TypeError,task.name=bad,task.result=failure} 1 in 0",
    "astrum.task.duration[s]{task.name=flaky,task.result=success} 1 in 0.5",
    "astrum.task.duration[s]{task.name=items,task.result=success} 2 in 0.5",
    "astrum.task.duration[s]{task.name=list,task.result=success} 1 in 0.1",
    "astrum.task.queue.duration[s]{} 6 in 0",
    "astrum.task.retries[{retry}]{error.type=Error,task.name=flaky} 1",
  ]);
  expect(new Set(all.map(({ attributes }) => attributes["astrum.flow.name"]))).toEqual(
    new Set(["f"]),
  );
});

it("No metrics are recorded when none are wanted", async () => {
  const { provider, points } = sdk.startMetrics();
  await flow("f", {}).run({
    observers: [otelObserver({ meterProvider: provider, metrics: false })],
  });
  expect(await points()).toEqual([]);
});
