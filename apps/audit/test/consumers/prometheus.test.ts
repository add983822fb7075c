/** A real Prometheus scrapes the running audit and answers what the dashboards ask. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openReceiver, type Receiver } from "../otlp-receiver.ts";
import buildProgram, { program } from "../program.ts";
import { type RunningAudit, runningAudit } from "./running-audit.ts";

/** The scrapes that a busy machine misses are made up for by the next ones. */
const LATER = { timeout: 240_000, interval: 500 };

const jobs = [
  "prom-client-open",
  "prom-client-classic",
  "prometheus-io-client-open",
  "prometheus-io-client-classic",
];
const known = fileURLToPath(new URL("../fixtures/known", import.meta.url));
const folder = mkdtempSync(join(realpathSync(tmpdir()), "astrum-audit-scraped-"));
const mixin = (path: string): string =>
  fileURLToPath(import.meta.resolve(`@astrum/prometheus/mixin/${path}`));

let collector: Receiver;
let audit: RunningAudit;
let prometheus: ChildProcess;
let url: string;
/** Of the program itself, which one test starts. */
let programPort: number;

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

async function api<T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const { status, data, error } = (await response.json()) as Record<string, unknown>;
  if (status !== "success") throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
  return data as T;
}

async function query(expr: string): Promise<readonly Series[]> {
  return (await api<{ result: Series[] }>("query", { query: expr })).result;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

async function startPrometheus(targets: ReadonlyMap<string, number>): Promise<void> {
  const every = { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" };
  const scraped = [...targets].map(([job, port]) => ({
    job_name: job,
    static_configs: [{ targets: [`localhost:${port}`] }],
  }));
  // JSON is YAML.
  const config = {
    global: every,
    rule_files: [mixin("rules.yaml")],
    scrape_configs: scraped,
  };
  writeFileSync(`${folder}/prometheus.yml`, JSON.stringify(config));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--enable-feature=exemplar-storage",
  ];
  prometheus = spawn("prometheus", args, { stdio: "ignore" });
  const failed = once(prometheus, "error").then(([error]) => {
    const remedy = "install what .ci/system-packages lists";
    throw new Error(`prometheus cannot be started: ${remedy}`, { cause: error });
  });
  const ready = vi.waitFor(async () => expect((await fetch(`${url}/-/ready`)).ok).toBe(true), {
    ...LATER,
    interval: 100,
  });
  await Promise.race([failed, ready]);
}

beforeAll(async () => {
  await buildProgram();
  collector = await openReceiver();
  cpSync(known, join(folder, "known"), { recursive: true });
  audit = await runningAudit(join(folder, "known"), folder, collector.url);
  expect([...audit.targets.keys()]).toEqual(jobs);
  programPort = await freePort();
  await startPrometheus(new Map([...audit.targets, ["program", programPort]]));
  await vi.waitFor(async () => {
    const [fewest] = await query('min(sum_over_time(up{job!="program"}[1m]))');
    expect(Number(fewest?.value[1])).toBeGreaterThanOrEqual(10);
  }, LATER);
});

afterAll(async () => {
  if (prometheus?.pid !== undefined && prometheus.exitCode === null) {
    prometheus.kill("SIGKILL");
    await once(prometheus, "exit");
  }
  await audit?.stop();
  collector?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

/** As Grafana would send it. */
function filledIn(expr: string, job: string): string {
  return expr
    .replaceAll("$__rate_interval", "8s")
    .replaceAll("$__range", "8s")
    .replaceAll("$job", job)
    .replaceAll(/\$(instance|flow)/g, ".+");
}

test.each(jobs)("every query of every panel finds something in %s", async (job) => {
  const asked = ["astrum-overview", "astrum-flow"].flatMap((name) => {
    const text = readFileSync(mixin(`dashboards/${name}.json`), "utf8");
    return (JSON.parse(text) as Dashboard).panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ expr, of: `${name}, ${title}: ${expr}` })),
    );
  });
  expect(asked.length).toBeGreaterThan(10);
  const empty = async (): Promise<string[]> => {
    const none: string[] = [];
    for (const { expr, of } of asked) {
      const found = await query(filledIn(expr, job));
      if (!found.some(({ value }) => Number.isFinite(Number(value[1])))) none.push(of);
    }
    return none;
  };
  await expect.poll(empty, LATER).toEqual([]);
});

test("retries and interruptions are counted", async () => {
  for (const expr of [
    'sum by (job) (astrum_task_retries_total{flow="audit"}) > 0',
    'astrum_runs_total{flow="audit", result="cancellation"} > 0',
    'astrum_runs_total{flow="audit", result="success"} > 0',
  ]) {
    const found = async () =>
      (await query(expr))
        .map(({ metric }) => metric.job)
        .filter((job) => job !== "program")
        .sort();
    await expect.poll(found, { ...LATER, message: expr }).toEqual([...jobs].sort());
  }
});

test("an exemplar leads to a span that the collector was sent", async () => {
  const ofLastMinute = () => {
    const now = Date.now() / 1000;
    return api<
      { seriesLabels: Record<string, string>; exemplars: { labels: Record<string, string> }[] }[]
    >("query_exemplars", {
      query: '{__name__=~"astrum_(task|run)_duration_seconds_bucket"}',
      start: String(now - 60),
      end: String(now + 1),
    });
  };
  const traced = async () =>
    new Set((await ofLastMinute()).map(({ seriesLabels }) => seriesLabels.job));
  const open = new Set(jobs.filter((job) => job.endsWith("-open")));
  await expect.poll(traced, LATER).toEqual(open);
  const ids = (await ofLastMinute()).flatMap(({ exemplars }) =>
    exemplars.map(({ labels }) => labels.trace_id),
  );
  // Spans are sent every five seconds.
  await vi.waitFor(() => {
    const sent = new Set(collector.spans.map(({ traceId }) => traceId));
    expect(ids.filter((id) => sent.has(id ?? "")).length).toBe(ids.length);
  }, LATER);
});

test("the program itself is scraped while it runs", async () => {
  const root = join(folder, "large");
  for (let n = 0; n < 60; n++) cpSync(known, join(root, `copy ${n}`), { recursive: true });
  const args = ["--out", join(folder, "out"), "--metrics", String(programPort), "--workers", "1"];
  const child = spawn(process.execPath, [program, ...args, root], { stdio: "ignore" });
  const ended = once(child, "close");
  try {
    await vi.waitFor(async () => {
      const found = await query('sum(max_over_time(astrum_tasks_total{job="program"}[1m])) > 0');
      expect(found.length).toBe(1);
    }, LATER);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
});
