import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import type { SerializedReport } from "@astrum/core";
import { describe, expect, it } from "vitest";
import { renderOtlpJson } from "../../src/index.ts";
import { fixture, fixtureNames } from "../fixtures.ts";

const require = createRequire(import.meta.url);

interface Message {
  fromObject(object: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): unknown;
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links?: readonly { readonly spanId: string }[];
}

interface Request {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

/** The messages of OTLP, as protobuf defines them. */
const { opentelemetry } = require("otlp-schema/build/src/generated/root.js") as {
  opentelemetry: {
    proto: { collector: { trace: { v1: { ExportTraceServiceRequest: Message } } } };
  };
};
const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

/** To protobuf and back: a field that OTLP does not have, or has with another type, does not survive. */
function throughProtobuf(request: Request): unknown {
  const message = ExportTraceServiceRequest.fromObject(withIds(request, "hex", "base64") as object);
  const decoded = ExportTraceServiceRequest.decode(
    ExportTraceServiceRequest.encode(message).finish(),
  );
  return withIds(
    ExportTraceServiceRequest.toObject(decoded, { longs: String, enums: Number, bytes: String }),
    "base64",
    "hex",
  );
}

function withIds(value: unknown, from: BufferEncoding, to: BufferEncoding): unknown {
  if (Array.isArray(value)) return value.map((item) => withIds(item, from, to));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      /^(?:trace|span|parentSpan)Id$/.test(key)
        ? Buffer.from(String(item), from).toString(to)
        : withIds(item, from, to),
    ]),
  );
}

/** Empty lists and default values are nothing in protobuf. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, bare(item)] as const)
      .filter(([, item]) => !(Array.isArray(item) && item.length === 0)),
  );
}

describe.each(fixtureNames)("the spans of the fixture %s", (name) => {
  const report = fixture(name);
  const text = renderOtlpJson(report);
  const request = JSON.parse(text) as Request;
  const spans = request.resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans: list }) => list),
  );

  it("survive protobuf field by field", () => {
    const survived = throughProtobuf(request);
    // The same question, in a tenth of the time; only the other way to ask says what differs.
    if (!isDeepStrictEqual(survived, bare(request))) expect(survived).toEqual(bare(request));
    expect(JSON.stringify(survived).length).toBeGreaterThan(text.length / 2);
  });

  it("are one line with a span for the run, every task that started and every attempt", () => {
    expect(text.trimEnd()).not.toContain("\n");
    const started = report.taskStatistics.filter(({ startAt }) => startAt !== null);
    expect(spans).toHaveLength(1 + started.length + report.totalAttempts);
  });

  it("have ids of their own, parents and links among them, and times in order", () => {
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(ids.size).toBe(spans.length);
    const faulty = spans.filter(
      ({ traceId, spanId, parentSpanId = "", startTimeUnixNano, endTimeUnixNano }, index) =>
        !/^[0-9a-f]{32}$/.test(traceId) ||
        !/^[0-9a-f]{16}$/.test(spanId) ||
        ids.has(parentSpanId) !== index > 0 ||
        BigInt(endTimeUnixNano) < BigInt(startTimeUnixNano),
    );
    expect(faulty).toEqual([]);
    const linked = spans.flatMap(({ links = [] }) => links.map(({ spanId }) => spanId));
    expect(linked.filter((spanId) => !ids.has(spanId))).toEqual([]);
  });
});

it("times are exact: nanoseconds since 1970 do not fit into a double", () => {
  const { spans } = (JSON.parse(renderOtlpJson(fixture("one"))) as Request).resourceSpans[0]
    ?.scopeSpans[0] ?? { spans: [] };
  expect(spans[1]?.endTimeUnixNano).toBe("1795448400012345000");
});

it("no span is inside of itself, whatever a report from elsewhere says", () => {
  const report = JSON.parse(JSON.stringify(fixture("mixed"))) as SerializedReport;
  const started = report.taskStatistics.filter(({ startAt }) => startAt !== null);
  expect(started.length).toBeGreaterThan(1);
  started.forEach((task, at) => {
    task.parent = started[(at + 1) % started.length]?.taskName ?? "";
  });
  const [{ scopeSpans } = { scopeSpans: [] }] = (JSON.parse(renderOtlpJson(report)) as Request)
    .resourceSpans;
  const spans = scopeSpans.flatMap(({ spans: list }) => list);
  const parents = new Map(spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId]));
  for (const { spanId } of spans) {
    const way = [spanId];
    for (let at = parents.get(spanId); at !== undefined && way.length <= spans.length; ) {
      way.push(at);
      at = parents.get(at);
    }
    expect(way.at(-1)).toBe(spans[0]?.spanId);
  }
});
