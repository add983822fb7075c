/** A receiver of traces over OTLP/HTTP, as a collector has it. Decodes protobuf with code that no exporter here uses. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import protobuf from "otlp-decode/build/src/generated/root.js";

export interface Span {
  readonly name: string;
  /** In hexadecimal, as all identifiers here. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  /** 0 is unset, 1 ok, 2 error. */
  readonly status: number;
  /** The spans it links to. */
  readonly links: readonly string[];
  /** Nanoseconds. */
  readonly start: bigint;
  readonly end: bigint;
}

export interface Receiver {
  readonly url: string;
  readonly spans: readonly Span[];
  readonly contentTypes: ReadonlySet<string | undefined>;
  close(): void;
}

/** Generated code; its types say nothing. */
interface Decoder {
  decode(bytes: Uint8Array): object;
  toObject(message: object, how: object): unknown;
}
interface Generated {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly trace: { readonly v1: { readonly ExportTraceServiceRequest: Decoder } };
      };
    };
  };
}
interface Wire {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}
interface WireSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number };
  readonly links: readonly { readonly spanId: string }[];
}

const { proto } = (protobuf as unknown as Generated).opentelemetry;
const request = proto.collector.trace.v1.ExportTraceServiceRequest;

export async function openReceiver(): Promise<Receiver> {
  const spans: Span[] = [];
  const contentTypes = new Set<string | undefined>();
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const packed = Buffer.concat(chunks);
    const { "content-encoding": encoding, "content-type": type } = incoming.headers;
    contentTypes.add(type);
    spans.push(...decode(encoding === "gzip" ? gunzipSync(packed) : packed));
    response.writeHead(200, { "Content-Type": "application/x-protobuf" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    contentTypes,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function decode(bytes: Uint8Array): Span[] {
  const how = { bytes: String, longs: String, arrays: true };
  const { resourceSpans } = request.toObject(request.decode(bytes), how) as Wire;
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ parentSpanId, status, links, ...span }) => ({
        name: span.name,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(parentSpanId ?? ""),
        status: status?.code ?? 0,
        links: links.map(({ spanId }) => hex(spanId)),
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
      })),
    ),
  );
}

function hex(base64: string): string {
  return Buffer.from(base64, "base64").toString("hex");
}
