/**
 * Metrics, as an application sets them up: its own Prometheus client, and one observer for each registry. Served over
 * HTTP while the program runs, or left in a file for node_exporter. Knows nothing of the audit.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { flushObservers, type Observer } from "@astrum/core";
import { type PrometheusClient, prometheusObserver, textfileMetrics } from "@astrum/prometheus";
import { trace } from "@opentelemetry/api";
import promClient from "prom-client";

export interface Metrics {
  readonly observers: readonly Observer[];
  /** Where they are, for people. */
  readonly place: string;
  stop(): Promise<void>;
}

/** A client whose registries write one of the two text formats. `prom-client` and `@prometheus-io/client` both are. */
export interface ScrapedClient extends PrometheusClient {
  readonly Registry: new (contentType?: never) => PrometheusClient["register"];
}

const openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/**
 * `GET /metrics` on `port` (0: any that is free), in the format that is asked for: OpenMetrics with exemplars, which lead
 * from a slow bucket to a trace, or the classic text. A registry writes one of them, so there are two.
 */
export async function serveMetrics(
  port: number,
  client: ScrapedClient = promClient,
): Promise<Metrics> {
  const classic = new client.Registry();
  const open = new client.Registry(openMetrics as never);
  const exemplars = () => trace.getActiveSpan()?.spanContext();
  const server = createServer(async (request, response) => {
    if (request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end("Try /metrics\n");
      return;
    }
    const asked = request.headers.accept?.includes("application/openmetrics-text");
    const registry = asked ? open : classic;
    response.setHeader("Content-Type", registry.contentType);
    response.end(await registry.metrics());
  });
  // What is served is the run: by itself it does not keep the process alive.
  server.listen(port).unref();
  await once(server, "listening");
  return {
    observers: [
      prometheusObserver({ client, registry: classic }),
      {
        ...prometheusObserver({ client, registry: open, exemplars }),
        name: "openmetrics",
      },
    ],
    place: `http://localhost:${(server.address() as AddressInfo).port}/metrics`,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** How the last run ended, how long it took and when one last succeeded, for the textfile collector of node_exporter. */
export function writeMetrics(path: string): Metrics {
  return {
    observers: [textfileMetrics({ client: promClient, path })],
    place: path,
    stop: () => flushObservers(),
  };
}
