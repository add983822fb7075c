import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";

const home = join(import.meta.dirname, "..");

/**
 * An application that installed this package as npm lays it out: the files that are packed, the core beside it, and
 * the API where `api` says. The scripts are built here, because tests run before `dist` is there.
 */
async function installed(): Promise<{ root: string; packed: string }> {
  const root = mkdtempSync(join(tmpdir(), "astrum-otel-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const stage = join(root, "stage");
  mkdirSync(stage);
  for (const file of ["package.json", "src"]) {
    cpSync(join(home, file), join(stage, file), { recursive: true });
  }
  const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  manifest.dependencies = {};
  manifest.devDependencies = {};
  writeFileSync(join(stage, "package.json"), JSON.stringify(manifest));
  await build({
    entryPoints: [join(home, "src/index.ts"), join(home, "src/worker.ts")],
    outdir: join(stage, "dist"),
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["@opentelemetry/*"],
    conditions: ["@astrum/source"],
  });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", root, stage], {
    cwd: root,
    stdio: ["ignore", "ignore", "ignore"],
  });
  const archive = readdirSync(root).find((name) => name.endsWith(".tgz")) as string;
  const packed = join(root, "node_modules/@astrum/otel");
  mkdirSync(packed, { recursive: true });
  execFileSync("tar", ["xzf", join(root, archive), "-C", packed, "--strip-components=1"]);
  return { root, packed };
}

const program = `
  import * as api from "@opentelemetry/api";
  import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
  import { otelObserver } from "@astrum/otel";
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  api.trace.setGlobalTracerProvider(provider);
  const run = { runId: "r", flow: "f", taskCount: 0, stageCount: 0, maxParallelism: 0, concurrency: undefined, attributes: {} };
  otelObserver().run({ at: Date.now(), run })?.end({ at: Date.now(), run, executionState: "completed", durationMs: 0, counts: {}, firstFailure: undefined });
  await provider.forceFlush();
  console.log(exporter.getFinishedSpans().map(({ name }) => name).join());
`;

/** What the program says: the names of the spans that were recorded, and what it is warned of. */
function spansOf(root: string): { readonly spans: string; readonly warned: string } {
  writeFileSync(join(root, "program.mjs"), program);
  const { stdout, stderr, status } = spawnSync(process.execPath, ["program.mjs"], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return { spans: stdout.trim(), warned: stderr };
}

it("Packed, it brings no API of its own, and uses the application's; another copy beside it would trace nothing, and says so", async () => {
  const { root, packed } = await installed();
  const scope = join(root, "node_modules/@opentelemetry");
  const api = (version: string) =>
    realpathSync(join(home, `test/sdk-${version}/node_modules/@opentelemetry/api`));
  mkdirSync(scope);
  symlinkSync(api("2"), join(scope, "api"));
  symlinkSync(
    realpathSync(join(home, "test/sdk-2/node_modules/@opentelemetry/sdk-trace-base")),
    join(scope, "sdk-trace-base"),
  );
  expect(existsSync(join(packed, "node_modules"))).toBe(false);
  const text = readFileSync(join(packed, "package.json"), "utf8");
  expect(JSON.parse(text).peerDependencies).toEqual({ "@opentelemetry/api": "^1.9.0" });
  expect(spansOf(root)).toEqual({ spans: "run f", warned: "" });
  // The mistake that the peer dependency prevents: a newer copy of its own, which sees no SDK.
  mkdirSync(join(packed, "node_modules/@opentelemetry"), { recursive: true });
  cpSync(api("3"), join(packed, "node_modules/@opentelemetry/api"), { recursive: true });
  const { spans, warned } = spansOf(root);
  expect(spans).toBe("");
  expect(warned).toMatch(/ASTRUM_OTEL_TWO_APIS.* registered with version 1\.9\.\d+ .*`npm ls /);
});
