/** Says over HTTP whether the worker lives, whether it takes work, and what it has counted. Knows no job. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { MetricsRegistry } from "./metrics.ts";

export interface HttpHost {
  readonly port: number;
  readonly host: string | undefined;
  readonly registry: MetricsRegistry | undefined;
  /** Why no work is taken; `undefined` when it is. */
  notReady(): string | undefined;
}

export interface HttpEnd {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects when the port cannot be had. */
export async function serveHttp(host: HttpHost): Promise<HttpEnd> {
  const server: Server = createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
      response.end(text);
    };
    const path = (request.url ?? "").split("?")[0];
    if (path === "/healthz") answer(200, "alive\n");
    else if (path === "/readyz") {
      const why = host.notReady();
      answer(why === undefined ? 200 : 503, `${why ?? "ready"}\n`);
    } else if (path === "/metrics" && host.registry !== undefined) {
      const { registry } = host;
      registry.metrics().then(
        (text) => answer(200, text, registry.contentType),
        (error: unknown) => answer(500, `${String(error)}\n`),
      );
    } else answer(404, "There are /healthz, /readyz and, with metrics, /metrics\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(host.port, host.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
