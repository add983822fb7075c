import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunResult, TaskResult } from "@astrum/core";
import { testVerdicts, verdictsOf } from "astrum-conformance";
import { afterAll, describe } from "vitest";
import { eventLog, parseReport, readEventLog, renderJson, renderOtlpJson } from "../src/index.ts";

describe("The event log, read back as a report,", () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-verdicts-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let logs = 0;
  testVerdicts(() => {
    const path = join(folder, `${logs++}.ndjson`);
    const log = eventLog(path);
    return {
      observers: [log.observer],
      told() {
        log.close();
        return verdictsOf(readEventLog(readFileSync(path, "utf8")));
      },
    };
  });
});

describe("The report as JSON", () =>
  testVerdicts(() => ({
    told: (report) => verdictsOf(parseReport(renderJson(report))),
  })));

describe("The report as spans of OpenTelemetry", () =>
  testVerdicts(() => ({
    told(report) {
      const { resourceSpans } = JSON.parse(renderOtlpJson(report));
      const spans: Span[] = resourceSpans[0].scopeSpans[0].spans;
      const read = spans.map(({ spanId, parentSpanId, status, attributes }) => ({
        spanId,
        parentSpanId,
        failed: status?.code === 2,
        ...Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
      })) as unknown as Read[];
      const items = read.filter((span) => span["astrum.task.kind"] === "item");
      // By its parent: the name of a span has no indices, so for a map inside of a loop it is not the name of the task.
      const maps = new Set(items.map(({ parentSpanId }) => parentSpanId));
      const tasks = read.filter(
        (span) => span["astrum.task.name"] !== undefined && !maps.has(span.spanId),
      );
      const count = (holds: (span: Read) => boolean): number => tasks.filter(holds).length;
      const ended = (result: TaskResult): number =>
        count((span) => span["astrum.task.result"] === result && span.failed);
      const [failure, timeout] = [ended("failure"), ended("timeout")];
      return {
        run: read[0]?.["astrum.run.result"] as RunResult,
        failures: { ...(failure && { failure }), ...(timeout && { timeout }) },
        tolerated: count((span) => span["astrum.task.tolerated"] === true),
        abandoned: count((span) => span["astrum.task.status"] === "abandoned"),
        retries: read.filter((span) => Number(span["astrum.attempt.number"] ?? 0) > 1).length,
      };
    },
  })));

interface Span {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly Attribute[];
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Read {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly failed: boolean;
  readonly "astrum.run.result"?: RunResult;
  readonly "astrum.task.name"?: string;
  readonly "astrum.task.kind"?: string;
  readonly "astrum.task.result"?: TaskResult;
  readonly "astrum.task.status"?: string;
  readonly "astrum.task.tolerated"?: boolean;
  readonly "astrum.attempt.number"?: string;
}
