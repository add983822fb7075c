/** The real program with everything around it: what it sends, serves, writes and takes up again. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { SerializedReport } from "@astrum/core";
import { parseReport, readEventLog } from "@astrum/reporters";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { auditFlow } from "../src/graph.ts";
import { inlineWork } from "../src/inline-work.ts";
import { serveMetrics } from "../src/metrics.ts";
import { inProcess } from "./in-process.ts";
import { openReceiver } from "./otlp-receiver.ts";
import { program, run } from "./program.ts";
import { treeOfReport, treeOfSpans } from "./span-tree.ts";
import { sharedTree, temporaryTree } from "./temporary-tree.ts";

// Outside of any repository: what git says of this one is not known here.
const known = mkdtempSync(join(realpathSync(tmpdir()), "astrum-audit-known-"));
afterAll(() => rmSync(known, { recursive: true, force: true }));
cpSync(fileURLToPath(new URL("./fixtures/known", import.meta.url)), known, { recursive: true });
const expected = readFileSync(
  fileURLToPath(new URL("./fixtures/known.expected.txt", import.meta.url)),
  "utf8",
);
const newFolder = (): string => join(temporaryTree(), "out");
const text = (...path: string[]): string => readFileSync(join(...path), "utf8");
const reportIn = (out: string): SerializedReport =>
  parseReport(JSON.parse(text(out, "report.json")));

function audit(args: readonly string[]) {
  return run(process.execPath, [program, ...args]);
}

test("with --chaos 0.3 the findings are the same, and attempts were made again", async () => {
  const out = newFolder();
  const { stdout } = await audit(["--out", out, "--chaos", "0.3", known]);
  expect(stdout).toBe(expected);
  const failures = reportIn(out).taskStatistics.flatMap(({ attemptStatistics }) =>
    attemptStatistics.filter(({ error }) => error?.name === "InjectedFailure"),
  );
  expect(failures.length).toBeGreaterThan(3);
  const again = newFolder();
  await inProcess(["--out", again, "--chaos", "0.3", known]);
  const failed = (report: SerializedReport) =>
    report.taskStatistics.map(({ taskName, attemptCount }) => `${taskName} ${attemptCount}`).sort();
  expect(failed(reportIn(again))).toEqual(failed(reportIn(out)));
  const other = newFolder();
  await inProcess(["--out", other, "--chaos", "0.3", "--seed", "2", known]);
  expect(failed(reportIn(other))).not.toEqual(failed(reportIn(out)));
});

describe("reports:", () => {
  test("one file for each that is asked for, and none else", async () => {
    const out = newFolder();
    await inProcess(["--out", out, "--report", "junit,trace,md,mermaid,dot,ndjson", known]);
    expect(readdirSync(out).sort()).toEqual([
      ".gitignore",
      "findings.json",
      "findings.json.gz",
      "history.ndjson",
      "report.dot",
      "report.junit.xml",
      "report.md",
      "report.mmd",
      "report.ndjson",
      "report.trace.json",
      "run.ndjson",
    ]);
  });

  test("the tail packs the findings, and adds a line to the history", async () => {
    const out = newFolder();
    for (const _ of [1, 2]) await inProcess(["--out", out, "--report", "json", known]);
    const packed = readFileSync(join(out, "findings.json.gz"));
    expect(gunzipSync(packed).toString()).toBe(text(out, "findings.json"));
    const lines = text(out, "history.ndjson").trimEnd().split("\n");
    const { counts } = JSON.parse(text(out, "findings.json")) as { counts: unknown };
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      [1, 2].map(() => ({ at: expect.any(String), state: "failed", counts })),
    );
  });

  test("--from tells a run again: the same findings, and any report", async () => {
    const out = newFolder();
    await inProcess(["--out", out, "--report", "none", known]);
    const again = newFolder();
    const log = join(out, "run.ndjson");
    const told = await inProcess(["--out", again, "--from", log, "--report", "html,json"]);
    expect(told).toMatchObject({ code: 1, stdout: expected });
    expect(reportIn(again)).toMatchObject({ executionState: "completed" });
    expect(text(again, "report.html")).toMatch(/^<!doctype html>/i);
  });

  test("--from says what is no log", async () => {
    const root = temporaryTree({ "a.md": "# A\n" });
    for (const log of ["a.md", "gone.ndjson"]) {
      const { code, stderr } = await inProcess(["--out", newFolder(), "--from", join(root, log)]);
      expect(code).toBe(64);
      expect(stderr).toContain(`Cannot tell "${join(root, log)}" again: `);
    }
  });
});

test("the last lines say where the time went, and where the report is", async () => {
  const out = newFolder();
  const lines = (await inProcess(["--out", out, known])).stderr.trimEnd().split("\n");
  expect(lines.at(-3)).toMatch(/^astrum-audit: \d+\.\d s: \d+ % [a-z ]+, .* · bound by [a-z]+$/);
  expect(lines.at(-1)).toBe(`astrum-audit: the report: ${join(out, "report.html")}`);
});

describe("--progress", () => {
  test("none tells only what came of it", async () => {
    const { stderr } = await inProcess(["--out", newFolder(), "--progress", "none", known]);
    expect(stderr).not.toContain("items");
    expect(stderr).toContain("auditing");
  });

  test("ndjson tells every event", async () => {
    const { stderr } = await inProcess(["--out", newFolder(), "--progress", "ndjson", known]);
    const events = stderr.split("\n").filter((line) => line.startsWith("{"));
    const types = new Set(events.map((line) => (JSON.parse(line) as { type: string }).type));
    expect([...types]).toEqual(expect.arrayContaining(["run.start", "attempt.end", "run.end"]));
  });
});

test("a planted secret is in nothing that the audit writes or prints", async () => {
  // Put together here, so that no scanner takes it for a real one.
  const random = "q7Kd0vZ3mX9bT2sW5nR8";
  const key = ["sk_li", "ve_", random].join("") + random;
  const block = Array.from({ length: 30 }, (_, n) => `export const a${n} = "${key}".at(${n});\n`);
  const root = temporaryTree({
    "a.js": `import "./${key}.js";\n${block.join("")}`,
    "b.js": block.join(""),
    "page.md": `# ${key}\n\n[a](./${key}.md) [b](#${key}) [c](https://u:${random}@h/x)\n`,
    ".env": `API_TOKEN=${random}\n`,
  });
  const out = newFolder();
  const report = "html,json,ndjson,junit,trace,md,mermaid,dot";
  const { stdout, stderr } = await audit(["--out", out, "--report", report, root]);
  expect(stdout).toContain("Stripe live key sk_live_…");
  const files = readdirSync(out).map((name) => {
    const bytes = readFileSync(join(out, name));
    return [name, (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString()] as const;
  });
  expect(files).toHaveLength(13);
  const telling = [["stdout", stdout] as const, ["stderr", stderr] as const, ...files]
    .filter(([, text]) => text.toLowerCase().includes(random.toLowerCase()))
    .map(([name]) => name);
  expect(telling).toEqual([]);
});

describe("an audit that was cut off", () => {
  /** Enough for a kill to hit the middle of it. */
  const largeTree = sharedTree((root) => {
    for (let n = 0; n < 20; n++) cpSync(known, join(root, `copy ${n}`), { recursive: true });
  });
  /** The same tree, audited without a break: once for all that are compared with it. */
  let unbroken: ReturnType<typeof audit> | undefined;

  /** Sends the signal when this task has ended. */
  async function cutOff(signal: "SIGINT" | "SIGKILL", task: string, root: string, out: string) {
    const report = ["--progress", "ndjson", "--report", "json"];
    const args = ["--workers", "1", ...report, "--out", out, root];
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = `"type":"task.end","task":"${task}"`;
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told = told.slice(-1000) + text;
      if (!child.killed && told.includes(ended)) child.kill(signal);
    });
    const [code, by] = (await once(child, "close")) as [number | null, string | null];
    return { code, by };
  }

  const interrupted = { code: 130, by: null };
  const killed = { code: null, by: "SIGKILL" };
  test.each([
    ["SIGINT", "read[400]", interrupted],
    ["SIGINT", "read", interrupted],
    ["SIGKILL", "read[400]", killed],
    ["SIGKILL", "read", killed],
  ] as const)(
    "by %s after %s goes on with --resume, and repeats nothing that was done",
    async (...[signal, task, end]) => {
      const root = largeTree();
      const out = newFolder();
      expect(await cutOff(signal, task, root, out)).toEqual(end);
      const cut = readEventLog(join(out, "run.ndjson"));
      expect(cut.executionState).toBe(signal === "SIGINT" ? "cancelled" : "interrupted");
      expect(existsSync(join(out, "findings.json"))).toBe(signal === "SIGINT");
      if (signal === "SIGINT") expect(reportIn(out).executionState).toBe("cancelled");
      const done = cut.taskStatistics
        .filter(({ status }) => status === "completed")
        .map(({ taskName }) => taskName);
      expect(done).toContain(task);

      const resumed = await audit(["--out", out, "--report", "json", "--resume", root]);
      unbroken ??= audit(["--out", newFolder(), "--report", "none", root]);
      const whole = await unbroken;
      expect({ code: resumed.code, stdout: resumed.stdout }).toEqual({
        code: whole.code,
        stdout: whole.stdout,
      });
      expect(resumed.stderr).toMatch(/resumed: \d+ of \d+ tasks were done before/);
      const { executionState, taskStatistics } = reportIn(out);
      expect(executionState).toBe("completed");
      const tried = taskStatistics
        .filter(({ attemptCount, kind }) => attemptCount > 0 && kind !== "map")
        .map(({ taskName }) => taskName);
      expect(done.filter((name) => tried.includes(name))).toEqual([]);
      expect(tried).toContain("verdict");
    },
  );

  test("there is nothing to resume where there was no audit", async () => {
    const out = newFolder();
    const { code, stderr } = await inProcess(["--out", out, "--resume", known]);
    expect(code).toBe(64);
    expect(stderr).toContain(`There is nothing to resume: no "${join(out, "run.ndjson")}"`);
  });
});

test("--otlp sends a span for the run, each task and each attempt of the report", async () => {
  const receiver = await openReceiver();
  onTestFinished(() => receiver.close());
  const out = newFolder();
  await audit(["--out", out, "--otlp", receiver.url, "--chaos", "0.3", known]);
  expect([...receiver.contentTypes]).toEqual(["application/x-protobuf"]);
  const { spans } = receiver;
  const report = reportIn(out);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(treeOfSpans(spans)).toEqual(treeOfReport(report));
  const failed = spans.filter(({ status }) => status === 2);
  const retried = report.taskStatistics.flatMap(({ attemptStatistics }) =>
    attemptStatistics.filter(({ willRetry }) => willRetry),
  );
  expect(failed.map(({ name }) => name.split(" ")[0])).toEqual(retried.map(() => "attempt"));
});

test("the main thread loads no parser, which the threads have, and no SDK that nobody asked for", async () => {
  const receiver = await openReceiver();
  onTestFinished(() => receiver.close());
  const told = join(temporaryTree(), "loaded");
  const telling = `
    import { createRequire } from "node:module";
    import { writeFileSync } from "node:fs";
    import { isMainThread } from "node:worker_threads";
    const tell = () => writeFileSync(${JSON.stringify(told)}, Object.keys(createRequire("file:///").cache).join("\\n"));
    if (isMainThread) process.on("exit", tell);`;
  const hook = `--import=data:text/javascript,${encodeURIComponent(telling)}`;
  const loaded = async (...args: readonly string[]) => {
    const ended = await run(process.execPath, [hook, program, "--out", temporaryTree(), ...args]);
    expect(ended).toMatchObject({ code: 1 });
    const packages = readFileSync(told, "utf8").matchAll(
      /(?<=\/node_modules\/)(?!\.pnpm)(@[^/]+\/)?[^/]+/g,
    );
    return new Set([...packages].map(([name]) => name));
  };
  const few = await loaded("--workers", "1", known);
  const needless = [
    "typescript",
    "prom-client",
    "@opentelemetry/api",
    "@opentelemetry/sdk-trace-base",
  ];
  expect(needless.filter((name) => few.has(name))).toEqual([]);
  const metrics = join(temporaryTree(), "audit.prom");
  const all = await loaded("--workers", "0", "--metrics", metrics, "--otlp", receiver.url, known);
  expect(needless.filter((name) => !all.has(name))).toEqual([]);
});

test("a collector that is not there is told of, and changes nothing else", async () => {
  const args = ["--out", newFolder(), "--otlp", "http://127.0.0.1:9", known];
  const { code, stdout, stderr } = await audit(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expected });
  expect(stderr).toContain("traces did not all reach http://127.0.0.1:9: ");
});

describe("--metrics", () => {
  test("serves both formats, and the totals are the report's", async () => {
    const metrics = await serveMetrics(0);
    onTestFinished(() => metrics.stop());
    const settings = { root: known, out: temporaryTree(), io: 8, maxDup: 5, failOn: [] };
    const { observers } = metrics;
    const report = await auditFlow(settings, inlineWork).run({ observers, failure: "continue" });
    const scraped = async (accept: string) => {
      const response = await fetch(metrics.place, { headers: { accept } });
      return { type: response.headers.get("content-type"), text: await response.text() };
    };
    const classic = await scraped("text/plain");
    const open = await scraped("application/openmetrics-text; version=1.0.0");
    expect(classic.type).toContain("text/plain");
    expect(open.type).toContain("application/openmetrics-text");
    expect(open.text.endsWith("# EOF\n")).toBe(true);
    const leaves = report.taskStatistics.filter(({ kind }) => kind !== "map");
    const attempts = leaves.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
    for (const { text } of [classic, open]) {
      expect(sum(text, "astrum_runs_total", 'result="success"')).toBe(1);
      expect(sum(text, "astrum_tasks_total", 'result="success"')).toBe(report.successfulTasks);
      expect(sum(text, "astrum_task_attempts_total", "")).toBe(attempts);
    }
  });

  test("on a port that is taken is wrong usage", async () => {
    const taken = await serveMetrics(0);
    onTestFinished(() => taken.stop());
    const { port } = new URL(taken.place);
    const { code, stderr } = await inProcess(["--out", newFolder(), "--metrics", port, known]);
    expect(code).toBe(64);
    expect(stderr).toContain(`Cannot serve metrics on port ${port}: listen EADDRINUSE`);
  });

  test("leaves them in a file", async () => {
    const path = join(temporaryTree(), "audit.prom");
    await inProcess(["--out", newFolder(), "--metrics", path, known]);
    expect(readFileSync(path, "utf8")).toMatch(/^astrum_\w*success\w*\{flow="audit"\} \d/m);
  });
});

/** Of the samples of this name that have this label. */
function sum(text: string, name: string, label: string): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
    .reduce((total, line) => total + Number(/\} (\S+)/.exec(line)?.[1]), 0);
}
