/**
 * The last run of each flow, pushed to a Pushgateway, for processes that end before they are scraped
 * (https://prometheus.io/docs/practices/pushing). Gauges only. A gateway that is down or slow neither fails nor delays
 * a run.
 */
import type { Observer } from "@astrum/core";
import type { Rules } from "astrum-options";
import type { Labels, MetricRegistry, PrometheusClient } from "./client.ts";
import { Deliveries } from "./deliveries.ts";
import { LastRun } from "./last-run.ts";
import {
  checkObserver,
  clientRule,
  groupingsRule,
  prefixRule,
  textRule,
  timeoutRule,
} from "./options.ts";
import { Warnings } from "./warning.ts";

export interface PushOptions {
  /** The application's client: the module `prom-client` or `@prometheus-io/client`. */
  readonly client: PrometheusClient;
  /** `http://` or `https://`, with a path when the gateway stands behind one. */
  readonly gatewayUrl: string;
  /** The label `job` of the group. */
  readonly jobName: string;
  /** Further labels of the group, beside `job` and `flow`. */
  readonly groupings?: Readonly<Record<string, string>> | undefined;
  /** For one push, answer included. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Default "astrum_". */
  readonly prefix?: string | undefined;
}

const RULES: Rules<PushOptions> = {
  client: clientRule,
  gatewayUrl: textRule("an http or https URL", isHttpUrl),
  jobName: textRule("a name, without a slash", (job) => /^[^/]+$/.test(job)),
  groupings: groupingsRule,
  timeoutMs: timeoutRule,
  prefix: prefixRule,
};

/** The client's Pushgateway, which hands its options to `http.request`. */
type MakeGateway = new (
  url: string,
  options: { readonly signal: AbortSignal },
  registry: MetricRegistry,
) => { pushAdd(group: { jobName: string; groupings: Labels }): Promise<unknown> };

/**
 * Pushes, when a run has ended, when its flow last completed, when it last ended, and how long that took. The run does
 * not wait for it; `flushObservers()` before the process exits does. A push that fails is a warning.
 *
 * The group is `job`, `flow` and `groupings`. A push adds to the group (`POST`), so that after a failed run the last
 * success is still there. Throws `DefinitionError` for wrong options.
 */
export function pushRunMetrics(options: PushOptions): Observer {
  checkObserver("pushRunMetrics", options, RULES);

  const { client, gatewayUrl, jobName, timeoutMs = 5000, prefix = "astrum_" } = options;
  const Gateway = client.Pushgateway as unknown as MakeGateway;
  const warnings = new Warnings();
  const pending = new Set<AbortController>();
  const flows = new Map<string, { last: LastRun; pushes: Deliveries }>();

  const flowOf = (flow: string): { last: LastRun; pushes: Deliveries } => {
    let known = flows.get(flow);
    if (known === undefined) {
      const last = new LastRun(client, prefix);
      const groupings = pathSafe({ ...options.groupings, flow });
      const push = (): Promise<unknown> =>
        withDeadline(timeoutMs, pending, (signal) =>
          new Gateway(gatewayUrl, { signal }, last.registry).pushAdd({ jobName, groupings }),
        );
      const what = `The metrics of the last run were not pushed to ${withoutPassword(gatewayUrl)}`;
      const pushes = new Deliveries(push, "ASTRUM_PROMETHEUS_PUSH", what, warnings);
      known = { last, pushes };
      flows.set(flow, known);
    }
    return known;
  };

  return {
    name: "prometheus-push",
    run: ({ run }) => ({
      end(event) {
        const { last, pushes } = flowOf(run.flow);
        last.ended(event);
        pushes.request();
      },
    }),
    async flush(signal) {
      const busy = [...flows.values()].filter(({ pushes }) => pushes.busy);
      // Every observer of a process hears the same signal, and Node warns of the eleventh listener.
      if (busy.length === 0) return;
      const giveUp = (): void => {
        for (const controller of pending) controller.abort(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      await Promise.all(busy.map(({ pushes }) => pushes.done));
      signal.removeEventListener("abort", giveUp);
    },
  };
}

/** Settles when the push does, or at the deadline: a gateway may begin an answer and never end it. */
async function withDeadline(
  ms: number,
  pending: Set<AbortController>,
  push: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  // As it is now: whoever fakes timers later has one that knows nothing of this timer.
  const stop = clearTimeout;
  const timer = setTimeout(() => controller.abort(new Error(`no answer in ${ms} ms`)), ms);
  pending.add(controller);
  const pushed = push(signal);
  try {
    await Promise.race([aborted, pushed]);
  } finally {
    stop(timer);
    pending.delete(controller);
    pushed.catch(() => {});
  }
}

/**
 * A path of groups holds no slash and no empty value, which is what the gateway's base64 form of a label is for
 * (https://github.com/prometheus/pushgateway#url).
 */
function pathSafe(groupings: Labels): Labels {
  return Object.fromEntries(
    Object.entries(groupings).map(([name, value]) =>
      value !== "" && !value.includes("/")
        ? [name, value]
        : [`${name}@base64`, base64Url(value) || "="],
    ),
  );
}

/** Of the UTF-8 of the text, with the alphabet for URLs and without padding (RFC 4648, section 5). */
function base64Url(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  return btoa(bytes.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  url.password = "";
  url.username = "";
  return url.href;
}
