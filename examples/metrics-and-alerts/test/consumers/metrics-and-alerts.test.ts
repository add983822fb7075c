import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { freePort, prometheus } from "./prometheus.ts";

const example = join(import.meta.dirname, "../..");
const config = readFileSync(join(example, "prometheus.yml"), "utf8");

/** The service, started as its reader does, with the packages as they are built, and with a run every second. */
async function service() {
  const inbox = mkdtempSync(join(tmpdir(), "astrum-inbox-"));
  onTestFinished(() => rmSync(inbox, { recursive: true, force: true }));
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), EVERY_MS: "1000" };
  const child = spawn(process.execPath, [join(example, "main.js"), inbox], { env });
  const ended = once(child, "exit");
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    told += text;
  });
  const stop = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return (await ended) as [code: number | null, signal: string | null];
  };
  onTestFinished(async () => void (await stop("SIGKILL")));
  await once(child.stdout, "data");
  const put = (name: string, text: string) => writeFileSync(join(inbox, name), text);
  return { port, put, stop, told: () => told };
}

// Prometheus asks, and decides, every second; a busy machine takes several.
const PATIENCE = { timeout: 240_000, interval: 250 };

it("has an alert that fires for the flow that fails and for no other, until it completes again", async () => {
  const { port, put } = await service();
  put("prices.csv", "1\n2\n");
  const mixin = join(example, "node_modules/@astrum/prometheus/mixin");
  const { api, alerts, stop } = await prometheus({
    "prometheus.yml": config
      .replaceAll("15s", "1s")
      .replace("localhost:9464", `127.0.0.1:${port}`)
      .replace("node_modules/@astrum/prometheus/mixin/rules.yaml", `${mixin}/rules.yaml`)
      .replace("node_modules/@astrum/prometheus/mixin/alerts.yaml", "alerts.yaml"),
    // Ten minutes are too long for a test.
    "alerts.yaml": readFileSync(`${mixin}/alerts.yaml`, "utf8").replaceAll("for: 10m", "for: 2s"),
  });
  onTestFinished(stop);
  const firing = async (alert: string) =>
    (await alerts())?.filter(
      ({ labels, state }) => labels.alertname === alert && state === "firing",
    );
  const flows = async () => (await firing("AstrumRunFailed"))?.map(({ labels }) => labels.flow);

  await expect.poll(flows, PATIENCE).toEqual(["orders"]);
  const [alert] = (await firing("AstrumRunFailed")) ?? [];
  expect(alert?.annotations.summary).toBe("The last run of orders failed");
  // Prometheus knows of both, so it is silent about one because that is well.
  const succeeded = "query?query=astrum_run_last_success_timestamp_seconds";
  const { result } = (await api<{ result: { metric: { flow: string } }[] }>(succeeded)) ?? {};
  expect(result?.map(({ metric }) => metric.flow)).toEqual(["prices"]);
  expect(await firing("AstrumObserverErrors")).toEqual([]);

  put("orders.csv", "20\n22\n");
  await expect.poll(flows, PATIENCE).toEqual([]);
  put("prices.csv", "1\ntwo\n");
  await expect.poll(flows, PATIENCE).toEqual(["prices"]);
});

it("says which file and line it is, goes on, and counts no failure when it is told to end", async () => {
  const { port, put, stop, told } = await service();
  put("prices.csv", "1\ntwo\n");
  await expect.poll(told, PATIENCE).toContain('orders: Task "text" failed: ENOENT');
  await expect.poll(told, PATIENCE).toContain('prices: Task "total" failed: line 2 is no number');
  put("prices.csv", "1\n2\n");
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await expect
    .poll(metrics, PATIENCE)
    .toMatch(/runs_total\{flow="prices",result="success"\} [1-9]/);
  expect(await metrics()).toContain('astrum_runs_total{flow="orders",result="success"} 0');
  expect(await stop("SIGTERM")).toEqual([0, null]);
});

it("has a configuration that Prometheus accepts as it stands", () => {
  const file = join(example, "prometheus.yml");
  const told = execFileSync("promtool", ["check", "config", file], { encoding: "utf8" });
  expect(told).toContain("SUCCESS: 6 rules found");
  expect(told).toContain("SUCCESS: 9 rules found");
});
