/**
 * A receiver of OTLP over HTTP, as a collector has it: it unpacks gzip, refuses the first request for now (503), and
 * decodes protobuf with code that no exporter here uses. Gives back spans as text and plain values.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import protobuf from "otlp-decode/build/src/generated/root.js";

export interface Received {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly kind: number;
  /** 0 is unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly links: readonly {
    readonly spanId: string;
    readonly traceId: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  /** Nanoseconds. */
  readonly start: bigint;
  readonly end: bigint;
  readonly scope: string;
  readonly schemaUrl: string;
}

export interface Receiver {
  readonly url: string;
  readonly requests: readonly {
    readonly encoding: string | undefined;
    readonly type: string | undefined;
    readonly answered: number;
    readonly bytes: number;
    readonly path: string;
    readonly headers: Readonly<Record<string, unknown>>;
  }[];
  readonly spans: readonly Received[];
  close(): Promise<void>;
}

export interface ReceiverOptions {
  /** So many requests are refused for now. */
  readonly refuse?: number | undefined;
  /** Milliseconds until an answer. */
  readonly slow?: number | undefined;
}

export async function openReceiver({ refuse = 0, slow }: ReceiverOptions = {}): Promise<Receiver> {
  const requests: Receiver["requests"][number][] = [];
  const spans: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const answered = requests.length < refuse ? 503 : 200;
      const packed = Buffer.concat(chunks);
      const { "content-encoding": encoding, "content-type": type } = request.headers;
      const { url: path = "", headers } = request;
      requests.push({ encoding, type, answered, bytes: packed.length, path, headers });
      if (answered === 200 && path.endsWith("/v1/traces"))
        spans.push(...decode(encoding === "gzip" ? gunzipSync(packed) : packed));
      const answer = (): void => {
        response.writeHead(answered, {
          "content-type": "application/x-protobuf",
          "retry-after": "1",
        });
        response.end();
      };
      if (slow === undefined) answer();
      else setTimeout(answer, slow);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    requests,
    spans,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface KeyValue {
  readonly key: string;
  readonly value?: Readonly<Record<string, unknown>>;
}
interface Wire {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope?: { readonly name: string };
      readonly schemaUrl?: string;
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly status?: { readonly code?: number; readonly message?: string };
        readonly attributes: readonly KeyValue[];
        readonly events: readonly {
          readonly name: string;
          readonly attributes: readonly KeyValue[];
        }[];
        readonly links: readonly {
          readonly traceId: string;
          readonly spanId: string;
          readonly attributes: readonly KeyValue[];
        }[];
      }[];
    }[];
  }[];
}

/** Generated code; its types say nothing. */
interface Generated {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly trace: { readonly v1: { ExportTraceServiceRequest: Decoder } };
      };
    };
  };
}
interface Decoder {
  decode(bytes: Uint8Array): object;
  toObject(message: object, how: object): unknown;
}
const { proto } = (protobuf as unknown as Generated).opentelemetry;
const request = proto.collector.trace.v1.ExportTraceServiceRequest;

function decode(bytes: Uint8Array): Received[] {
  const message = request.toObject(request.decode(bytes), {
    bytes: String,
    longs: String,
    arrays: true,
  }) as Wire;
  return message.resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, schemaUrl, spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: span.kind,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId ?? ""),
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
        attributes: values(span.attributes),
        events: span.events.map(({ name, attributes }) => ({
          name,
          attributes: values(attributes),
        })),
        links: span.links.map((link) => ({
          traceId: hex(link.traceId),
          spanId: hex(link.spanId),
          attributes: values(link.attributes),
        })),
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        scope: scope?.name ?? "",
        schemaUrl: schemaUrl ?? "",
      })),
    ),
  );
}

function hex(base64: string): string {
  return Buffer.from(base64, "base64").toString("hex");
}

function values(pairs: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plain(value)]));
}

/** An AnyValue, which has one of several fields. */
function plain(value: KeyValue["value"]): unknown {
  const [[kind, held] = []] = Object.entries(value ?? {});
  if (kind === "intValue") return Number(held);
  if (kind !== "arrayValue") return held;
  return (held as { values: KeyValue["value"][] }).values.map(plain);
}
