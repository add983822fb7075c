/** The audit, over and over, with the metrics and the tracing of its composition, each client serving them on a port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Observer } from "@astrum/core";
import nextClient from "@prometheus-io/client";
import promClient from "prom-client";
import { withFailures } from "../../src/chaos.ts";
import { auditFlow } from "../../src/graph.ts";
import { type ScrapedClient, serveMetrics } from "../../src/metrics.ts";
import { startTracing } from "../../src/tracing.ts";

export interface RunningAudit {
  /** One for each client and format, by the job that it is to be scraped as. */
  readonly targets: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export async function runningAudit(
  root: string,
  out: string,
  collector: string,
): Promise<RunningAudit> {
  const tracing = startTracing(collector, "0.0.0");
  const clients: readonly (readonly [string, ScrapedClient])[] = [
    ["prom-client", promClient as unknown as ScrapedClient],
    ["prometheus-io-client", nextClient as unknown as ScrapedClient],
  ];
  const goingOn = new AbortController();
  const work: Promise<void>[] = [];
  const ends: (() => Promise<void>)[] = [];
  const targets = new Map<string, number>();
  for (const [name, client] of clients) {
    const metrics = await serveMetrics(0, client);
    const classic = await asksForClassic(metrics.place);
    targets.set(`${name}-open`, Number(new URL(metrics.place).port));
    targets.set(`${name}-classic`, classic.port);
    ends.push(classic.stop, metrics.stop);
    const observers = [tracing.observer, ...metrics.observers, faulty];
    const flow = auditFlow({ root, out, atOnce: 8, failOn: [], maxDup: 5 });
    work.push(
      (async () => {
        for (let run = 1; !goingOn.signal.aborted; run++) {
          const runner = withFailures(0.3, run);
          // Every fifth is interrupted, as a person may do.
          const signal = run % 5 === 0 ? AbortSignal.timeout(30) : goingOn.signal;
          const { tail } = await flow.run({
            observers,
            runner,
            signal,
            failure: "continue",
            concurrency: 16,
          });
          await tail;
        }
      })(),
    );
  }
  return {
    targets,
    async stop() {
      goingOn.abort();
      await Promise.all(work);
      for (const end of ends) await end();
      await tracing.stop();
    },
  };
}

/** A way to the metrics for a Prometheus that only knows the classic format: today's always prefer the other. */
async function asksForClassic(place: string): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer(async (_, response) => {
    const answer = await fetch(place, { headers: { accept: "text/plain;version=0.0.4" } });
    response.setHeader("Content-Type", answer.headers.get("content-type") ?? "");
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** So that the panel on faults of observers has something to show. */
const faulty: Observer = {
  name: "faulty",
  run: () => ({
    status() {
      throw new Error("told too often");
    },
  }),
};
