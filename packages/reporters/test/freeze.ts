/**
 * Writes the frozen reports of the current format version from real runs: `pnpm fixtures:freeze`. Only for a new version:
 * what is frozen stays, because every published document must parse for good.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { it } from "vitest";
import { readEventLog, renderNdjson } from "../src/index.ts";
import { type RunName, runNamed } from "./runs.ts";

const folder = new URL("./fixtures/1.0/", import.meta.url);
const home = fileURLToPath(new URL("../../../", import.meta.url));

const names: readonly RunName[] = [
  "empty",
  "one",
  "mixed",
  "hostile",
  "large",
  "cancelled",
  "planning-failure",
];

it.each(names)("freezes %s", async (name) => {
  const report = await runNamed(name);
  write(name, report.toJSON({ outputs: name === "one" }));
});

it("freezes interrupted", async () => {
  const report = (await runNamed("cancelled")).toJSON({ outputs: true });
  const lines = renderNdjson(report, { outputs: true }).split("\n");
  const cutAt = lines.findIndex(
    (line) => line.includes('"first-3"') && line.includes("attempt.end"),
  );
  write("interrupted", readEventLog(lines.slice(0, cutAt).join("\n").slice(0, -20)));
});

function write(name: string, report: unknown): void {
  mkdirSync(folder, { recursive: true });
  // Stacks of the engine's own errors hold paths of this machine.
  const text = `${JSON.stringify(report)}\n`.replaceAll(home, "/srv/app/");
  const large = text.length > 100_000;
  const file = new URL(`${name}.json${large ? ".gz" : ""}`, folder);
  writeFileSync(file, large ? gzipSync(text, { level: 9 }) : text);
}
