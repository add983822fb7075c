/** The mixin, checked by the tools that it is written for. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { DASHBOARDS, dashboard, filledIn, MIXIN } from "../mixin.ts";
import { run } from "./program.ts";

// Programs of the system start when the machine has time for them.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 });

test("promtool accepts the rules and the alerts", () => {
  const { code, text } = run("promtool", [
    "check",
    "rules",
    `${MIXIN}/rules.yaml`,
    `${MIXIN}/alerts.yaml`,
  ]);
  expect(text).toContain("SUCCESS: 5 rules found");
  expect(text).toContain("SUCCESS: 7 rules found");
  expect(code).toBe(0);
});

test("the rules and the alerts do what their tests say", () => {
  const { code, text } = run("promtool", ["test", "rules", `${MIXIN}/tests.yaml`]);
  expect(text).toContain("SUCCESS");
  expect(code).toBe(0);
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

test("jsonnet evaluates the mixin, and its settings take effect", () => {
  const program = `local mixin = (import '${MIXIN}/mixin.libsonnet') + {
    _config+:: { alertLabels: { team: 'core' }, dashboardTags: ['mine'] },
  };
  {
    tags: [mixin.grafanaDashboards[name].tags for name in std.objectFields(mixin.grafanaDashboards)],
    teams: [rule.labels.team for group in mixin.prometheusAlerts.groups for rule in group.rules],
    rules: std.length(mixin.prometheusRules.groups[0].rules),
  }`;
  const { code, text } = run("jsonnet", ["-e", program]);
  expect(code, text).toBe(0);
  expect(JSON.parse(text)).toEqual({
    tags: [["mine"], ["mine"]],
    teams: Array.from({ length: 7 }, () => "core"),
    rules: 5,
  });
});
