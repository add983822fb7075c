/** A real Prometheus scrapes a live app and answers what the dashboards ask. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DASHBOARDS, dashboard, filledIn, MIXIN, rules } from "../mixin.ts";
import { type LiveApp, liveApp } from "./live-app.ts";
import { type Service, start, until } from "./program.ts";

// Programs of the system start when the machine has time for them.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 });

const JOBS = [
  "prom-client-classic",
  "prom-client-open",
  "prometheus-io-client-classic",
  "prometheus-io-client-open",
];
let app: LiveApp;
let prometheus: Service;

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
  app = await liveApp();
  expect(app.targets.map(({ job }) => job)).toEqual(JOBS);
  prometheus = await start(
    "prometheus",
    (port, folder) => {
      const scraped = JOBS.map((job) => ({
        job_name: job,
        metrics_path: `/${job}`,
        static_configs: [{ targets: [`127.0.0.1:${app.port}`] }],
      }));
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
});

test("every target is up, none with an error", async () => {
  const { activeTargets } = await api<{
    activeTargets: { health: string; lastError: string; labels: { job: string } }[];
  }>("targets");
  const told = activeTargets.map(({ health, lastError, labels }) => [
    labels.job,
    health,
    lastError,
  ]);
  expect(told.sort()).toEqual(JOBS.map((job) => [job, "up", ""]));
});

test.each(JOBS)("every query of every panel finds something in %s", async (job) => {
  const empty: string[] = [];
  for (const name of DASHBOARDS) {
    for (const { title, targets } of dashboard(name).panels) {
      for (const { expr } of targets) {
        const found = await query(filledIn(expr, { window: "8s", job }));
        if (!found.some(({ value }) => Number.isFinite(Number(value[1])))) {
          empty.push(`${name}, ${title}: ${expr}`);
        }
      }
    }
  }
  expect(empty).toEqual([]);
});

test("the rules record, and load without a problem", async () => {
  for (const { record } of rules("rules")) {
    const found = await query(record as string);
    expect(new Set(found.map(({ metric }) => metric.job)).size, record).toBe(JOBS.length);
  }
  const { groups } = await api<{ groups: { rules: { name: string; lastError?: string }[] }[] }>(
    "rules",
  );
  const all = groups.flatMap(({ rules }) => rules);
  expect(all.length).toBe(rules("rules").length + rules("alerts").length);
  expect(all.filter(({ lastError }) => lastError)).toEqual([]);
  const firing = await query('ALERTS{alertname="AstrumObserverErrors", observer="hostile"}');
  expect(firing.length).toBe(JOBS.length);
});

test("quantiles are the durations that tasks really have", async () => {
  const slow = await query(
    'histogram_quantile(0.5, sum by (job, le) (rate(astrum_task_duration_seconds_bucket{task="slow"}[8s])))',
  );
  expect(slow.length).toBe(JOBS.length);
  for (const { value } of slow) expect(Number(value[1])).toBeGreaterThan(0.02);
});

test("names that must be escaped come through", async () => {
  const found = await query('count by (task) (astrum_tasks_total{flow="nightly"})');
  const tasks = new Set(found.map(({ metric }) => metric.task));
  expect(tasks).toEqual(new Set(['extract "all"', "sizes\\in\nbytes", "flaky ünïcode ✓"]));
});

test("exemplars lead to traces where the format has them, and are absent where it has not", async () => {
  const now = Date.now() / 1000;
  const found = await api<
    {
      seriesLabels: Record<string, string>;
      exemplars: { labels: Record<string, string>; value: string }[];
    }[]
  >("query_exemplars", {
    query: '{__name__=~"astrum_(task|run)_duration_seconds_bucket|astrum_task_attempts_total"}',
    start: String(now - 60),
    end: String(now + 1),
  });
  const jobs = new Map<string, Set<string>>();
  for (const { seriesLabels, exemplars } of found) {
    const { job = "", __name__: name = "" } = seriesLabels;
    for (const { labels } of exemplars) {
      expect(labels.trace_id).toMatch(/^[0-9a-f]{32}$/);
      expect(labels.span_id).toMatch(/^[0-9a-f]{16}$/);
    }
    jobs.set(job, (jobs.get(job) ?? new Set()).add(name));
  }
  expect([...jobs.keys()].sort()).toEqual(JOBS.filter((job) => job.endsWith("-open")));
  for (const names of jobs.values()) expect(names.size).toBe(3);
});
