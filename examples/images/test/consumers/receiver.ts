/** A receiver of OTLP over HTTP with JSON, as a collector has it, of what this test asks about. Knows no program. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Not there for the root of a trace. */
  readonly parentSpanId?: string;
  /** `code` 2 is an error. */
  readonly status: { readonly code: number };
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly events: readonly { readonly name: string }[];
}

interface Request {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: Span[] }[];
  }[];
}

export async function receiver() {
  const spans: Span[] = [];
  const server = createServer(async (request, response) => {
    const { resourceSpans = [] } = (await json(request)) as Request;
    for (const { scopeSpans } of resourceSpans) {
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    response.setHeader("content-type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}`, spans, close };
}
