import * as namespace from "prom-client";
import { describe, expect, test } from "vitest";
import { prometheusObserver, pushRunMetrics, textfileMetrics } from "../src/index.ts";
import { CLIENTS } from "./clients.ts";

/** Calls it as JavaScript would, without types. */
function messageOf(make: (options: never) => unknown, options: unknown): string {
  try {
    make(options as never);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "nothing was wrong";
}

describe.each(CLIENTS)("wrong options, with %s", (_, client) => {
  test("are all named at once, before anything is registered", () => {
    const registry = new client.Registry();
    const message = messageOf(prometheusObserver, {
      client,
      registry,
      prefix: "my-app ",
      buckets: [1, 1, 2],
      labels: { task: "yes", allow: "load", maxValues: 0, max: 3 },
      exemplars: {},
      label: {},
    });
    expect(message.split("\n  - ")).toEqual([
      "DefinitionError: 8 invalid values:",
      'prometheusObserver(): Unknown option `label`. Did you mean "labels"?',
      'prometheusObserver(): Expected `prefix` to be the beginning of a metric name, such as "astrum_", got "my-app ".',
      "prometheusObserver(): Expected `buckets` to be a list of ascending numbers of seconds, got [1, 1, 2].",
      "prometheusObserver(): Unknown option `max` of `labels`. There are task, allow, maxValues, maxPairs.",
      'prometheusObserver(): Expected `labels.task` to be true, false or a function of the task, got "yes".',
      'prometheusObserver(): Expected `labels.allow` to be a list of values of the label `task`, got "load".',
      "prometheusObserver(): Expected `labels.maxValues` to be an integer from 1 up, got 0.",
      "prometheusObserver(): Expected `exemplars` to be a function, got an object.",
    ]);
    expect(registry.getSingleMetric("astrum_runs_total")).toBeUndefined();
  });

  test("of a push: no URL, a job with a slash, groups that would collide", () => {
    const message = messageOf(pushRunMetrics, {
      client,
      gatewayUrl: "localhost:9091",
      jobName: "a/b",
      groupings: { flow: "x", "team-name": "y", shard: 3 },
      timeoutMs: 0,
    });
    expect(message.split("\n  - ").slice(1)).toEqual([
      'pushRunMetrics(): Expected `gatewayUrl` to be an http or https URL, got "localhost:9091".',
      'pushRunMetrics(): Expected `jobName` to be a name, without a slash, got "a/b".',
      "pushRunMetrics(): Expected `groupings.shard` to be a text, got 3.",
      expect.stringContaining('pushRunMetrics(): Cannot group by "flow": take the name of a label'),
      expect.stringContaining('pushRunMetrics(): Cannot group by "team-name"'),
      "pushRunMetrics(): Expected `timeoutMs` to be a number of milliseconds above 0, got 0.",
    ]);
  });

  test("of a text file: the collector reads .prom files only", () => {
    expect(messageOf(textfileMetrics, { client, path: "metrics.txt" })).toBe(
      'DefinitionError: textfileMetrics(): Expected `path` to be a path that ends with .prom, got "metrics.txt".',
    );
  });
});

test("what is not a client is told from a client that was imported as a namespace", () => {
  expect(messageOf(prometheusObserver, undefined)).toContain(
    "Expected `client` to be the module prom-client or @prometheus-io/client, got undefined.",
  );
  expect(messageOf(prometheusObserver, new Map())).toContain(
    "Expected its options to be an object, got a Map.",
  );
  expect(messageOf(prometheusObserver, { client: {} })).toBe(
    "DefinitionError: prometheusObserver(): Expected `client` to be the module prom-client or @prometheus-io/client, got an object.",
  );
  const wrapped = { default: namespace.default };
  expect(messageOf(prometheusObserver, { client: wrapped })).toContain("not `import * as client`");
});
