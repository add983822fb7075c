import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

test("the example of the README is a program that can be scraped", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, code = ""] = /```ts\n\/\/ main\.ts\n(.*?)```/s.exec(readme) ?? [];
  // Inside the package, so that its name resolves as it would for a user, and where no compiler looks meanwhile.
  const place = fileURLToPath(new URL("../test-results/", import.meta.url));
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(join(place, "readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const main = join(folder, "main.ts");
  writeFileSync(main, code);

  const port = await freePort();
  const node = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx")];
  const program = spawn(process.execPath, [...node, main], {
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  onTestFinished(() => void program.kill());
  const text = await vi.waitFor(
    async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    { timeout: 50_000, interval: 100 },
  );
  expect(text).toContain('astrum_runs_total{flow="daily",result="success"} 1\n');
  const [, more] = /and \[(\d+) more metrics\]/.exec(readme) ?? [];
  expect(text.match(/^# TYPE/gm)?.length).toBe(1 + Number(more));
});

test("the README makes an OpenMetrics registry in words that compile", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const compiled = readFileSync(new URL("./client.test-d.ts", import.meta.url), "utf8")
    .replaceAll("promClient", "client")
    .replaceAll("openMetrics", "registry");
  const lines = readme.match(/^(?:const )?registry[ .].*;$/gm) ?? [];
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(compiled).toContain(line);
});
