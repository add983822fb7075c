/** A real Prometheus scrapes a live app and answers what the dashboards ask. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DASHBOARDS, dashboard, filledIn, MIXIN, OWN_DASHBOARDS, rules } from "../mixin.ts";
import { type LiveApp, liveApp } from "./live-app.ts";
import { type Service, start, until } from "./program.ts";

const JOBS = [
  "prom-client-classic",
  "prom-client-open",
  "prometheus-io-client-classic",
  "prometheus-io-client-open",
];
/** The scrapes that a busy machine misses are made up for by the next ones. */
const LATER = { timeout: 240_000, interval: 500 };

let app: LiveApp;
let prometheus: Service;
let gateway: Service;

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

async function api<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
  const response = await fetch(
    `${prometheus.url}/api/v1/${path}?${new URLSearchParams(parameters)}`,
  );
  const { status, data, error } = (await response.json()) as Record<string, unknown>;
  if (status !== "success") throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
  return data as T;
}

async function query(expr: string): Promise<readonly Series[]> {
  return (await api<{ result: Series[] }>("query", { query: expr })).result;
}

beforeAll(async () => {
  gateway = await start(
    "prometheus-pushgateway",
    (port) => [`--web.listen-address=127.0.0.1:${port}`, "--persistence.file="],
    "/-/ready",
  );
  app = await liveApp(gateway.url);
  expect(app.targets.map(({ job }) => job)).toEqual([...JOBS, "otel"]);
  prometheus = await start(
    "prometheus",
    (port, folder) => {
      const scraped: object[] = app.targets.map(({ job }) => ({
        job_name: job,
        metrics_path: `/${job}`,
        static_configs: [{ targets: [`127.0.0.1:${app.port}`] }],
      }));
      scraped.push({
        job_name: "gateway",
        honor_labels: true,
        static_configs: [{ targets: [new URL(gateway.url).host] }],
      });
      const every = { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" };
      // JSON is YAML.
      const config = {
        global: every,
        rule_files: [`${MIXIN}/rules.yaml`, `${MIXIN}/alerts.yaml`],
        scrape_configs: scraped,
      };
      writeFileSync(`${folder}/prometheus.yml`, JSON.stringify(config));
      return [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--enable-feature=exemplar-storage",
      ];
    },
    "/-/ready",
  );
  await until(async () => {
    const [fewest] = await query("min(sum_over_time(up[1m]))");
    return Number(fewest?.value[1]) >= 10;
  });
});

afterAll(async () => {
  await prometheus?.stop();
  await app?.stop();
  await gateway?.stop();
});

test("every target is up, none with an error", async () => {
  const targets = async () => {
    const { activeTargets } = await api<{
      activeTargets: { health: string; lastError: string; labels: { job: string } }[];
    }>("targets");
    return activeTargets
      .map(({ health, lastError, labels }) => [labels.job, health, lastError])
      .sort();
  };
  const up = [...JOBS, "gateway", "otel"].sort().map((job) => [job, "up", ""]);
  await expect.poll(targets, LATER).toEqual(up);
});

/** The panels of a dashboard whose queries find nothing, in which all instances and flows are meant. */
async function emptyPanels(name: (typeof DASHBOARDS)[number], job: string): Promise<string[]> {
  const empty: string[] = [];
  for (const { title, targets } of dashboard(name).panels) {
    for (const { expr } of targets) {
      const found = await query(filledIn(expr, { window: "8s", job }));
      if (!found.some(({ value }) => Number.isFinite(Number(value[1])))) {
        empty.push(`${name}, ${title}: ${expr}`);
      }
    }
  }
  return empty;
}

test.each(JOBS)("every query of every panel finds something in %s", async (job) => {
  for (const name of OWN_DASHBOARDS)
    await expect.poll(() => emptyPanels(name, job), LATER).toEqual([]);
});

test("every query of the dashboard for OpenTelemetry's names finds something", async () => {
  await expect.poll(() => emptyPanels("astrum-otel", "otel"), LATER).toEqual([]);
});

test("jobs that push are on the dashboard for jobs, and where the others say how long ago they succeeded", async () => {
  await until(async () => {
    const pushed = await query('count(astrum_run_last_failure_timestamp_seconds{job="pushed"})');
    return Number(pushed[0]?.value[1]) > 0;
  });
  await expect.poll(() => emptyPanels("astrum-jobs", "pushed"), LATER).toEqual([]);
  for (const name of ["astrum-overview", "astrum-flow"] as const) {
    const empty = async (): Promise<string[]> =>
      (await emptyPanels(name, "pushed")).filter((panel) => panel.includes("Since the last"));
    await expect.poll(empty, LATER).toEqual([]);
  }
});

test.each(DASHBOARDS)("the variables of %s know every job that it can show", async (name) => {
  const [, definition = ""] = dashboard(name).templating.list.map(({ definition }) => definition);
  const [, metric = ""] = /^label_values\((\w+), job\)$/.exec(definition) ?? [];
  const own = name === "astrum-otel" ? ["otel"] : [...JOBS, "pushed"].sort();
  const jobs = async () =>
    (await query(`count by (job) (${metric})`)).map(({ metric }) => metric.job).sort();
  await expect.poll(jobs, LATER).toEqual(own);
});

test("the rules record, and load without a problem", async () => {
  for (const { record } of rules("rules")) {
    const jobs = async () => {
      const found = (await query(record as string)).map(({ metric }) => metric.job);
      // Two families have names that both packages write.
      return new Set(found.filter((job) => job !== "otel")).size;
    };
    await expect.poll(jobs, { ...LATER, message: record as string }).toBe(JOBS.length);
  }
  const { groups } = await api<{ groups: { rules: { name: string; lastError?: string }[] }[] }>(
    "rules",
  );
  const all = groups.flatMap(({ rules }) => rules);
  expect(all.length).toBe(rules("rules").length + rules("alerts").length);
  expect(all.filter(({ lastError }) => lastError)).toEqual([]);
  const firing = () => query('ALERTS{alertname="AstrumObserverErrors", observer="hostile"}');
  await expect.poll(firing, LATER).toHaveLength(JOBS.length);
});

test("quantiles are the durations that tasks really have", async () => {
  const slow = async () => {
    const found = await query(
      'histogram_quantile(0.5, sum by (job, le) (rate(astrum_task_duration_seconds_bucket{task="slow"}[8s])))',
    );
    return found.map(({ value }) => Number(value[1])).filter((seconds) => !Number.isNaN(seconds));
  };
  await expect.poll(slow, LATER).toHaveLength(JOBS.length);
  for (const seconds of await slow()) expect(seconds).toBeGreaterThan(0.02);
});

test("names that must be escaped come through", async () => {
  const tasks = async () => {
    const found = await query('count by (task) (astrum_tasks_total{flow="nightly"})');
    return new Set(found.map(({ metric }) => metric.task));
  };
  const names = ['extract "all"', "sizes\\in\nbytes", "flaky ünïcode ✓"];
  await expect.poll(tasks, LATER).toEqual(new Set(names));
});

interface Exemplars {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>> }[];
}

test("exemplars lead to traces where the format has them, and are absent where it has not", async () => {
  const ofLastMinute = (): Promise<Exemplars[]> => {
    const now = Date.now() / 1000;
    return api("query_exemplars", {
      query: '{__name__=~"astrum_(task|run)_duration_seconds_bucket|astrum_task_attempts_total"}',
      start: String(now - 60),
      end: String(now + 1),
    });
  };
  const families = async (): Promise<Record<string, number>> => {
    const jobs = new Map<string, Set<string>>();
    for (const { seriesLabels } of await ofLastMinute()) {
      const { job = "", __name__: name = "" } = seriesLabels;
      jobs.set(job, (jobs.get(job) ?? new Set()).add(name));
    }
    return Object.fromEntries([...jobs].map(([job, names]) => [job, names.size]));
  };
  const open = JOBS.filter((job) => job.endsWith("-open"));
  await expect.poll(families, LATER).toEqual(Object.fromEntries(open.map((job) => [job, 3])));
  for (const { labels } of (await ofLastMinute()).flatMap(({ exemplars }) => exemplars)) {
    expect(labels.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(labels.span_id).toMatch(/^[0-9a-f]{16}$/);
  }
});
