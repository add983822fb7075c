/** A small service: flows that run again and again, with all that can happen to a task, and `/metrics` of each kind. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { after, type Flow, flow, map, type Observer, task } from "@astrum/core";
import { prometheusObserver, pushRunMetrics, type TraceContext } from "../../src/index.ts";
import { CLIENTS, OPEN_METRICS } from "../clients.ts";
import { otelTarget } from "./otel-target.ts";

const PLAIN = "text/plain; version=0.0.4";

export interface Target {
  readonly job: string;
  readonly openMetrics: boolean;
  metrics(): Promise<string>;
}

export interface LiveApp {
  readonly port: number;
  /** What is scraped, each at `/<job>`. */
  readonly targets: readonly Target[];
  stop(): Promise<void>;
}

/**
 * Both clients, in the classic and in the OpenMetrics format, each scraped at `/<job>`. With a gateway what the first one
 * runs is pushed there too, and the names of OpenTelemetry are one more target.
 */
export async function liveApp(gatewayUrl?: string): Promise<LiveApp> {
  const goingOn = new AbortController();
  const targets = CLIENTS.flatMap(([name, client]) =>
    [false, true].map((openMetrics) => {
      const registry = openMetrics ? new client.Registry(OPEN_METRICS) : new client.Registry();
      const job = `${name.replace(/\W+/g, "-").replace(/^-/, "")}-${openMetrics ? "open" : "classic"}`;
      const observer = prometheusObserver({ client, registry, exemplars: () => span.getStore() });
      return {
        job,
        openMetrics,
        type: registry.contentType,
        metrics: () => registry.metrics(),
        observers: [tracing, observer, hostile],
      };
    }),
  );
  if (gatewayUrl !== undefined) {
    const { observer, metrics } = otelTarget();
    targets.push({ job: "otel", openMetrics: false, type: PLAIN, metrics, observers: [observer] });
    const [, client] = CLIENTS[0] as (typeof CLIENTS)[0];
    targets[0]?.observers.push(pushRunMetrics({ client, gatewayUrl, jobName: "pushed" }));
  }
  const work = targets.map(({ observers }) => keepRunning(observers, goingOn.signal));

  const server = createServer(async (request, response) => {
    const target = targets.find(({ job }) => request.url === `/${job}`);
    if (target === undefined) response.writeHead(404).end();
    else {
      response.setHeader("Content-Type", target.type);
      response.end(await target.metrics());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    async stop() {
      goingOn.abort();
      server.closeAllConnections();
      server.close();
      await Promise.all(work);
    },
  };
}

async function keepRunning(observers: readonly Observer[], signal: AbortSignal): Promise<void> {
  const flows = [nightly(), orders()];
  for (let run = 0; !signal.aborted; run++) {
    const cancelled = run % 5 === 4 ? AbortSignal.timeout(20) : new AbortController().signal;
    await Promise.all(
      flows.map((one) =>
        one.run({ concurrency: 2, observers, failure: "continue", signal: cancelled }),
      ),
    );
  }
}

/** Names that a text format must escape. */
function nightly(): Flow<unknown> {
  const extract = task('extract "all"', {}, (_, { signal }) => delay(30, [1, 2, 3], { signal }));
  const sizes = map("sizes\\in\nbytes", extract, (item, _, { signal }) =>
    delay(10 * item, item, { signal }),
  );
  let calls = 0;
  const flaky = task(
    "flaky ünïcode ✓",
    { _: after(extract) },
    async () => {
      if (calls++ % 3 !== 2) throw new Error("not yet");
    },
    { retry: { attempts: 2, backoff: "fixed", baseMs: 20 } },
  );
  return flow("nightly", { sizes, flaky });
}

function orders(): Flow<unknown> {
  let calls = 0;
  const load = task("load", {}, async () => {
    if (calls++ % 2 === 1) throw new Error("the table is locked");
  });
  // Its time-out does not fail the run, so that some runs succeed.
  const slow = task("slow", {}, (_, { signal }) => delay(5000, 1, { signal }), {
    timeoutMs: 25,
    onFailure: "ignore",
  });
  return flow("orders", { report: task("report", { load }, () => 1), slow });
}

const span = new AsyncLocalStorage<TraceContext>();
const hex = (bytes: number): string => randomBytes(bytes).toString("hex");

/** Makes a context ambient, as an observer that traces does. */
const tracing: Observer = {
  name: "tracing",
  run() {
    const traceId = hex(16);
    return {
      task: () => ({
        attempt: () => ({
          around: (proceed) => span.run({ traceId, spanId: hex(8), traceFlags: 1 }, proceed),
        }),
      }),
    };
  },
};

/** So that the panel on observers has something to show. */
const hostile: Observer = {
  name: "hostile",
  run: () => ({
    end() {
      throw new Error("told too much");
    },
    status() {
      throw new Error("told too often");
    },
  }),
};
