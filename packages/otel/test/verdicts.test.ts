import type { RunResult } from "@astrum/core";
import { testVerdicts } from "astrum-conformance";
import { describe } from "vitest";
import { otelObserver } from "../src/index.ts";
import { type Point, sdk } from "./sdk.ts";

/** How often something was measured. */
function count(points: readonly Point[]): number {
  let all = 0;
  for (const { value } of points) all += typeof value === "number" ? value : value.count;
  return all;
}

describe("The metrics of OpenTelemetry", () =>
  testVerdicts(() => {
    const { provider, points } = sdk.startMetrics();
    return {
      observers: [otelObserver({ meterProvider: provider })],
      async told() {
        const all = await points();
        const of = (metric: string) => all.filter((point) => point.metric === metric);
        const ended = (result: string) =>
          count(
            of("astrum.task.duration").filter(
              ({ attributes }) => attributes["astrum.task.result"] === result,
            ),
          );
        const [failure, timeout] = [ended("failure"), ended("timeout")];
        return {
          run: of("astrum.run.duration")[0]?.attributes["astrum.run.result"] as RunResult,
          failures: { ...(failure && { failure }), ...(timeout && { timeout }) },
          tolerated: count(of("astrum.task.tolerated")),
          abandoned: count(of("astrum.task.abandoned")),
          retries: count(of("astrum.task.retries")),
        };
      },
    };
  }));
