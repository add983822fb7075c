import { readFileSync } from "node:fs";
import client from "prom-client";
import { expect, test } from "vitest";
import { prometheusObserver } from "../src/index.ts";
import { DASHBOARDS, dashboard, filledIn, metricsOf, rules } from "./mixin.ts";

const { metrics } = prometheusObserver({ client, registry: new client.Registry() });
const written = new Set(
  metrics.flatMap(({ name, type }) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

function unknown(expr: string, more: readonly string[] = []): string[] {
  const names = metricsOf(filledIn(expr, { window: "5m" }));
  expect(names.length).toBeGreaterThan(0);
  return names.filter((name) => !written.has(name) && !more.includes(name));
}

/** What OTLP makes of the names and units in the README of @astrum/otel, by the specification of the two. */
function otelNames(): Set<string> {
  const readme = readFileSync(new URL("../../otel/README.md", import.meta.url), "utf8");
  const rows = readme.matchAll(/^\| `(astrum\.[\w.]+)` \| ([\w -]+) \| (\S+) \| (.*) \|$/gm);
  const names = [...rows].flatMap(([, name = "", kind, unit]) => {
    const base = `${name.replaceAll(".", "_")}${unit === "s" ? "_seconds" : ""}`;
    if (kind === "histogram") return [`${base}_bucket`, `${base}_sum`, `${base}_count`];
    return kind === "counter" ? [`${base}_total`] : [base];
  });
  expect(names.length).toBeGreaterThan(8);
  return new Set(names);
}

test.each(DASHBOARDS)(
  "every query of %s parses, and names only metrics that are written",
  (name) => {
    const { panels, templating } = dashboard(name);
    const more = name === "astrum-otel" ? [...otelNames()] : [];
    expect(panels.length).toBeGreaterThan(6);
    for (const { title, targets } of panels) {
      for (const { expr } of targets) expect(unknown(expr, more), title).toEqual([]);
    }
    for (const { definition } of templating.list) {
      const [, asked] = /^label_values\((.*), \w+\)$/.exec(definition ?? "") ?? [];
      if (asked !== undefined) expect(unknown(asked, more)).toEqual([]);
    }
  },
);

test.each(DASHBOARDS)("%s is one that Grafana can draw", (name) => {
  const { panels, editable, schemaVersion, templating } = dashboard(name);
  expect([editable, schemaVersion]).toEqual([false, 39]);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { title, type, gridPos, targets } of panels) {
    expect(["stat", "timeseries", "bargauge", "heatmap"]).toContain(type);
    const { x, y, w, h } = gridPos;
    expect(x + w, title).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column++) {
      for (let row = y; row < y + h; row++) {
        expect(taken, `${title} lies on another panel`).not.toContain(`${column} ${row}`);
        taken.add(`${column} ${row}`);
      }
    }
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    for (const { expr, legendFormat = "" } of targets) {
      for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        expect(expr, `${title} names {{${label}}}`).toMatch(
          new RegExp(`by \\([^)]*\\b${label}\\b`),
        );
      }
      const variables = templating.list.map(({ name }) => name);
      for (const [, used = ""] of expr.matchAll(/\$(\w+)/g)) {
        expect([...variables, "__rate_interval", "__range"], title).toContain(used);
      }
    }
  }
});

test("where all instances are meant, those without one are meant too: pushed jobs have none", () => {
  for (const name of DASHBOARDS) {
    for (const { includeAll, allValue } of dashboard(name).templating.list) {
      if (includeAll) expect(allValue).toBe(".*");
    }
  }
});

test("every rule and alert parses, and names only metrics that are written or recorded", () => {
  const recorded = rules("rules").map(({ record }) => record as string);
  for (const { expr } of rules("rules")) expect(unknown(expr)).toEqual([]);
  for (const { alert, expr } of rules("alerts")) expect(unknown(expr, recorded), alert).toEqual([]);
});

test("a name that is not written is found", () => {
  expect(unknown("rate(astrum_task_suceeded_total[5m])")).toEqual(["astrum_task_suceeded_total"]);
  expect(() => unknown("sum(rate(astrum_tasks_total[5m])")).toThrow(SyntaxError);
});

test.each(DASHBOARDS)("%s: each panel says what it shows, and follows the variables", (name) => {
  const { uid, panels, templating } = dashboard(name);
  expect(uid).toBe(name);
  expect(templating.list.map(({ name }) => name)).toEqual([
    "datasource",
    "job",
    "instance",
    "flow",
  ]);
  for (const { title, description, datasource, fieldConfig, targets } of panels) {
    expect([title, description, fieldConfig.defaults.unit].every(Boolean), title).toBe(true);
    expect(datasource.uid).toBe("${" + "datasource}");
    for (const { expr } of targets) {
      const selectors = expr.match(/astrum_\w+\{[^}]*\}/g) ?? [];
      expect(selectors.length, title).toBe(metricsOf(filledIn(expr, { window: "5m" })).length);
      for (const selector of selectors) expect(selector).toMatch(/job=~"\$job", instance=~"\$inst/);
    }
  }
});

test("a panel by task draws twenty lines at most", () => {
  const byTask = DASHBOARDS.flatMap((name) => dashboard(name).panels)
    .flatMap(({ targets }) => targets)
    .filter(({ expr }) => /by \([^)]*\b(?:task|astrum_task_name)\b/.test(expr));
  expect(byTask.length).toBeGreaterThan(5);
  for (const { expr } of byTask) expect(expr).toMatch(/^topk\(20, /);
});

test("a share of runs or tasks leaves out of both sides what was cancelled or skipped", () => {
  const panels = DASHBOARDS.flatMap((name) => dashboard(name).panels);
  const asked = [
    ...panels.flatMap(({ targets }) => targets),
    ...rules("rules"),
    ...rules("alerts"),
  ];
  const shares = asked.flatMap(({ expr }) => {
    const [part = "", whole] = expr.split(/\s\/\s/);
    const counts = /astrum_(?:runs_total|tasks_total|\w+_duration_seconds_count)\{/.test(part);
    return counts && whole !== undefined ? [{ part, whole }] : [];
  });
  expect(shares.length).toBeGreaterThan(6);
  for (const { part, whole } of shares) {
    expect(part).toMatch(/result="success"|result=~"failure\|timeout"/);
    expect(whole).toContain('result=~"success|failure|timeout"');
  }
});

test("every alert says what happened, how bad it is, and which page helps", () => {
  const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(/[`]/g, ""),
  );
  for (const { alert, annotations = {} } of rules("alerts")) {
    expect(annotations.summary && annotations.description, alert).toBeTruthy();
    const [, anchor = ""] = annotations.runbook_url?.split("/docs/metrics.md#") ?? [];
    expect(anchor).toBe(alert?.toLowerCase());
    expect(headings).toContain(anchor);
  }
});

test("the page on metrics lists every metric with its type and labels", () => {
  const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  for (const { name, type, labels } of metrics) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
    expect(row, name).toBeDefined();
    expect(row).toContain(`| ${type} | ${labels.map((label) => `\`${label}\``).join(" ")} |`);
  }
});

test("names keep the rules: `_total` on counters only, base units, and no family twice in OpenMetrics", () => {
  for (const { name, type, labels } of metrics) {
    expect(name).toMatch(/^astrum_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    if (type === "histogram") expect(name).toMatch(/_seconds$/);
    const forbidden = ["run_id", "run", "key", "error", "message"];
    expect(labels.filter((label) => forbidden.includes(label))).toEqual([]);
  }
  const families = metrics.map(({ name }) => name.replace(/_total$/, ""));
  expect(new Set(families).size).toBe(metrics.length);
});
