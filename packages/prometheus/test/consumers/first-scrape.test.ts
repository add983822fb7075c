/** The page on metrics, done as it says: the README's program, its configuration pasted, the query asked. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { MIXIN } from "../mixin.ts";
import { freePort, start, until } from "./program.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("the first query has an answer, though the program runs its flow once and then serves", async () => {
  const [, code = ""] = /```ts\n\/\/ main\.ts\n(.*?)```/s.exec(read("../../README.md")) ?? [];
  const page = read("../../../../docs/metrics.md");
  const [, pasted = ""] = /<<'YAML'\n(.*?)YAML/s.exec(page) ?? [];
  const [, query = ""] = /```promql\n(.*?)\n```/s.exec(page) ?? [];

  const place = fileURLToPath(new URL("../../test-results/", import.meta.url));
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(join(place, "first-scrape-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "main.ts"), code);
  const port = await freePort();
  const node = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx")];
  const program = spawn(process.execPath, [...node, join(folder, "main.ts")], {
    env: { ...process.env, PORT: String(port) },
    stdio: "ignore",
  });
  onTestFinished(() => void program.kill());

  const prometheus = await start(
    "prometheus",
    (own, home) => {
      const config = pasted
        .replaceAll("node_modules/@astrum/prometheus/mixin", MIXIN)
        .replace("localhost:9464", `127.0.0.1:${port}`)
        .replace("15s", "1s");
      writeFileSync(`${home}/prometheus.yml`, config);
      return [
        `--config.file=${home}/prometheus.yml`,
        `--storage.tsdb.path=${home}/data`,
        `--web.listen-address=127.0.0.1:${own}`,
        "--enable-feature=exemplar-storage",
      ];
    },
    "/-/ready",
  );
  onTestFinished(() => prometheus.stop());
  await until(async () => {
    const answer = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams({ query })}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1]) >= 0;
  });
  expect(query).toContain("last_success");
});
