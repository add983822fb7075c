// Writes rules.yaml and alerts.yaml of the mixin, from what jsonnet makes of its sources with the settings as they are.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";

const folder = new URL("./mixin/", import.meta.url);

/** @param {string} name @param {string} field */
export function made(name, field) {
  const program = `(import '${name}.libsonnet').${field}`;
  const text = execFileSync("jsonnet", ["-J", folder.pathname, "-e", program], {
    encoding: "utf8",
  });
  return `# Made by \`pnpm --filter @astrum/prometheus mixin\` from ${name}.libsonnet and config.libsonnet.\n${stringify(JSON.parse(text), { lineWidth: 0 })}`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL("rules.yaml", folder), made("rules", "prometheusRules"));
  writeFileSync(new URL("alerts.yaml", folder), made("alerts", "prometheusAlerts"));
}
