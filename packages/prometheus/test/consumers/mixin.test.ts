/** The mixin, checked by the tools that it is written for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { made } from "../../build-mixin.js";
import {
  DASHBOARDS,
  type Dashboard,
  dashboard,
  filledIn,
  MIXIN,
  metricsOf,
  type Rule,
} from "../mixin.ts";
import { run } from "./program.ts";

test("promtool accepts the rules and the alerts", () => {
  const { code, text } = run("promtool", [
    "check",
    "rules",
    `${MIXIN}/rules.yaml`,
    `${MIXIN}/alerts.yaml`,
  ]);
  expect(text).toContain("SUCCESS: 6 rules found");
  expect(text).toContain("SUCCESS: 9 rules found");
  expect(code).toBe(0);
});

test.each([
  ["what is broken is told, and when", "tests"],
  ["a week of healthy systems is silent", "healthy"],
])("%s", (_, file) => {
  const { code, text } = run("promtool", ["test", "rules", `${MIXIN}/${file}.yaml`]);
  expect(text).toContain("SUCCESS");
  expect(code).toBe(0);
});

test.each([
  ["rules", "prometheusRules"],
  ["alerts", "prometheusAlerts"],
] as const)("%s.yaml is what jsonnet makes without a setting", (name, field) => {
  expect(readFileSync(`${MIXIN}/${name}.yaml`, "utf8")).toBe(made(name, field));
});

test("Prometheus' own parser accepts every query of the dashboards", () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-panels-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const panels = DASHBOARDS.flatMap((name) => dashboard(name).panels);
  const recorded = panels.flatMap(({ targets }, panel) =>
    targets.map(({ expr }, target) => ({
      record: `panel:${panel}:${target}`,
      expr: filledIn(expr, { window: "5m" }),
    })),
  );
  writeFileSync(
    `${folder}/panels.yaml`,
    JSON.stringify({ groups: [{ name: "panels", rules: recorded }] }),
  );
  const { code, text } = run("promtool", ["check", "rules", `${folder}/panels.yaml`]);
  expect(text).toContain(`SUCCESS: ${recorded.length} rules found`);
  expect(code).toBe(0);
});

/** The mixin with settings, as `_config` takes them, and what is picked of it. */
function configured(settings: string, picked: string): unknown {
  const program = `local mixin = (import '${MIXIN}/mixin.libsonnet') + { _config+:: ${settings} }; ${picked}`;
  const { code, text } = run("jsonnet", ["-e", program]);
  expect(code, text).toBe(0);
  return JSON.parse(text);
}

const SETTINGS = `{
  selector: 'env="prod"', clusterLabel: 'cluster', excludedFlows: 'playground.*', excludedTasks: 'probe',
  longFlows: 'train', expectedEvery: { nightly: 93600 }, taskFailureRatio: 0.05, stuckFor: '1h', durationFactor: 3,
  alertLabels: { team: 'core' }, runbookUrl: 'https://runbooks.example.com/%s',
  dashboardTags: ['mine'], dashboardUid: 'team-%s',
}`;

test("every setting takes effect, and what comes of it is valid", () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-mixin-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { alerts, rules, dashboards } = configured(
    SETTINGS,
    "{ alerts: mixin.prometheusAlerts, rules: mixin.prometheusRules, dashboards: mixin.grafanaDashboards }",
  ) as {
    alerts: { groups: { rules: Rule[] }[] };
    rules: { groups: { rules: Rule[] }[] };
    dashboards: Record<string, Dashboard>;
  };
  writeFileSync(`${folder}/rules.yaml`, JSON.stringify(rules));
  writeFileSync(`${folder}/alerts.yaml`, JSON.stringify(alerts));
  const { code, text } = run("promtool", [
    "check",
    "rules",
    `${folder}/rules.yaml`,
    `${folder}/alerts.yaml`,
  ]);
  expect(code, text).toBe(0);

  const recorded = rules.groups.flatMap(({ rules }) => rules);
  const alerting = alerts.groups.flatMap(({ rules }) => rules);
  expect(alerting.map(({ alert }) => alert)).toContain("AstrumRunOverdue");
  expect(alerting).toHaveLength(10);
  for (const { record = "", expr } of recorded) {
    expect(record).toMatch(/^cluster_job_flow/);
    for (const name of metricsOf(expr)) expect(expr).toContain(`${name}{env="prod"`);
  }
  for (const { alert = "", expr, annotations, labels } of alerting) {
    expect(annotations?.runbook_url).toBe(`https://runbooks.example.com/${alert.toLowerCase()}`);
    expect(labels?.team).toBe("core");
    if (alert !== "AstrumObserverErrors" && alert !== "AstrumRunOverdue") {
      expect(expr, alert).toContain('flow!~"playground.*"');
    }
  }
  const all = alerting.map(({ expr }) => expr).join("\n");
  for (const part of [
    'task!~"probe"',
    'flow!~"train"',
    "> 0.05",
    "[1h]",
    "> 93600",
    "3 * avg_over",
  ]) {
    expect(all).toContain(part);
  }
  expect(Object.keys(dashboards).sort()).toEqual(DASHBOARDS.map((name) => `${name}.json`).sort());
  for (const { uid, tags, templating, panels } of Object.values(dashboards)) {
    expect(uid).toMatch(/^team-/);
    expect(tags).toEqual(["mine"]);
    expect(templating.list.map(({ name }) => name)).toContain("cluster");
    for (const { targets } of panels) {
      for (const { expr } of targets) {
        for (const [selector] of expr.matchAll(/astrum_\w+\{[^}]*\}/g)) {
          expect(selector).toContain('{env="prod", cluster=~"$cluster", job=~');
        }
      }
    }
  }
});

test("a flow that must run is overdue when it does not, in the cluster it is in", () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-overdue-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const alerts = configured(
    "{ clusterLabel: 'cluster', expectedEvery: { nightly: 93600 } }",
    "mixin.prometheusAlerts",
  );
  writeFileSync(`${folder}/alerts.yaml`, JSON.stringify(alerts));
  const summary = "nightly is overdue";
  const description = "A run of it is expected to complete every 26 hours, and none has.";
  const runbook_url =
    "https://github.com/astrum/astrum-ts/blob/main/docs/metrics.md#astrumrunoverdue";
  const told = (labels: object): object => ({
    exp_labels: { severity: "critical", flow: "nightly", ...labels },
    exp_annotations: { summary, description, runbook_url },
  });
  const at = (eval_time: string, ...exp_alerts: object[]): object => ({
    alertname: "AstrumRunOverdue",
    eval_time,
    exp_alerts,
  });
  const series =
    'astrum_run_last_success_timestamp_seconds{cluster="eu", job="cron", flow="nightly"}';
  const tests = [
    {
      interval: "10m",
      input_series: [{ series, values: "600+0x300" }],
      alert_rule_test: [at("26h"), at("27h", told({ cluster: "eu", job: "cron" }))],
    },
    { interval: "10m", input_series: [], alert_rule_test: [at("30m", told({}))] },
  ];
  const file = { rule_files: ["alerts.yaml"], evaluation_interval: "5m", tests };
  writeFileSync(`${folder}/tests.yaml`, JSON.stringify(file));
  const { code, text } = run("promtool", ["test", "rules", `${folder}/tests.yaml`]);
  expect(code, text).toBe(0);
});

test("a flow that must run more often than every hour is overdue after the time that was set", () => {
  const picked =
    "[rule.annotations.description for rule in mixin.prometheusAlerts.groups[0].rules]";
  const told = configured("{ expectedEvery: { sync: 1800, poll: 5400 } }", picked);
  expect(told).toContain("A run of it is expected to complete every 0.5 hours, and none has.");
  expect(told).toContain("A run of it is expected to complete every 1.5 hours, and none has.");
});

/** The block of the page on metrics with this language that holds this text. */
function pasted(language: string, holds: string): string {
  const page = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");
  const blocks = page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"));
  const found = [...blocks].flatMap(([, block = ""]) => (block.includes(holds) ? [block] : []));
  expect(found).toHaveLength(1);
  return found[0] as string;
}

test("the mixin on the page on metrics evaluates", () => {
  const program = pasted("jsonnet", "mixin.libsonnet").replace(
    /'node_modules\/@astrum\/prometheus\/mixin\//,
    `'${MIXIN}/`,
  );
  const { code, text } = run("jsonnet", ["-e", program]);
  expect(code, text).toBe(0);
  expect(text).toBe("{ }\n");
});

test("the files for Grafana's provisioning are YAML that names what is there", () => {
  const sources = parse(pasted("yaml", "datasources:"));
  expect(sources).toMatchObject({ apiVersion: 1, datasources: [{ type: "prometheus" }] });
  expect(new URL(sources.datasources[0].url).port).toBe("9090");
  const dashboards = parse(pasted("yaml", "providers:"));
  expect(dashboards).toMatchObject({ apiVersion: 1, providers: [{ type: "file" }] });
  const [{ options }] = dashboards.providers;
  const command = pasted("sh", "grafana/grafana");
  expect(command).toContain(`mixin/dashboards:${options.path}"`);
  expect(command).toContain("provisioning:/etc/grafana/provisioning");
});
