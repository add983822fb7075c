/** Both clients, for suites that run on each, and a way to read what is in a registry. */
import nextClient from "@prometheus-io/client";
import promClient from "prom-client";
import type { MetricRegistry, PrometheusClient } from "../src/index.ts";

export const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** What the tests use of a client beyond what the package does. */
export interface TestClient extends PrometheusClient {
  readonly Registry: new (contentType?: string) => TestRegistry;
  readonly register: TestRegistry;
}
interface TestRegistry extends MetricRegistry {
  clear(): void;
  resetMetrics(): void;
}

export const CLIENTS: readonly (readonly [string, TestClient])[] = [
  ["prom-client", promClient as unknown as TestClient],
  ["@prometheus-io/client", nextClient as unknown as TestClient],
];

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Every sample that the registry writes. */
export async function samples(registry: MetricRegistry): Promise<Sample[]> {
  const text = await registry.metrics();
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] =
        /^([\w:]+)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
      return {
        name,
        labels: Object.fromEntries(pairs.map(([, label, text]) => [label, text])),
        value: Number(value),
      };
    });
}

/** The sum of the samples of this name that have these labels. */
export function sum(
  all: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  let total = 0;
  for (const sample of all) {
    if (sample.name !== name) continue;
    const same = Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
    if (same) total += sample.value;
  }
  return total;
}
