/** The real program with everything around it: what it sends, serves, writes and takes up again. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SerializedReport } from "@astrum/core";
import { parseReport, readEventLog } from "@astrum/reporters";
import { describe, expect, onTestFinished, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { expectedOfKnown, knownTree } from "../known-tree.ts";
import { openReceiver } from "../otlp-receiver.ts";
import { program, run, signalWhen } from "../program.ts";
import { linesOf, treeOfReport, treeOfSpans } from "../span-tree.ts";
import { sharedTree, temporaryTree } from "../temporary-tree.ts";

const known = knownTree();
const newFolder = (): string => join(temporaryTree(), "out");
const text = (...path: string[]): string => readFileSync(join(...path), "utf8");
const reportIn = (out: string): SerializedReport =>
  parseReport(JSON.parse(text(out, "report.json")));

function audit(args: readonly string[]) {
  return run(process.execPath, [program, ...args]);
}

test("with --chaos 0.3 the findings are the same, and attempts were made again", async () => {
  const out = newFolder();
  const { stdout } = await audit(["--out", out, "--chaos", "0.3", known()]);
  expect(stdout).toBe(expectedOfKnown);
  const failures = reportIn(out).taskStatistics.flatMap(({ attemptStatistics }) =>
    attemptStatistics.filter(({ error }) => error?.name === "InjectedFailure"),
  );
  expect(failures.length).toBeGreaterThan(0);
  const again = newFolder();
  await inProcess(["--out", again, "--chaos", "0.3", known()]);
  const failed = (report: SerializedReport) =>
    report.taskStatistics.map(({ taskName, attemptCount }) => `${taskName} ${attemptCount}`).sort();
  expect(failed(reportIn(again))).toEqual(failed(reportIn(out)));
  const other = newFolder();
  await inProcess(["--out", other, "--chaos", "0.3", "--seed", "2", known()]);
  expect(failed(reportIn(other))).not.toEqual(failed(reportIn(out)));
});

describe("an audit that was cut off", () => {
  /** Enough for a kill to hit the middle of it. */
  const largeTree = sharedTree((root) => {
    for (let n = 0; n < 8; n++) cpSync(known(), join(root, `copy ${n}`), { recursive: true });
  });
  /** The same tree, audited without a break: once for all that are compared with it. */
  let unbroken: ReturnType<typeof audit> | undefined;

  /** Sends the signal when this task has ended. */
  async function cutOff(signal: "SIGINT" | "SIGKILL", task: string, root: string, out: string) {
    const report = ["--progress", "ndjson", "--report", "json"];
    const ended = `"type":"task.end","task":"${task}"`.replace(/[[\]]/g, "\\$&");
    const node = signalWhen(new RegExp(ended), signal);
    const args = [program, "--workers", "1", ...report, "--out", out, root];
    const child = spawn(process.execPath, [...node, ...args], { stdio: "ignore" });
    const [code, by] = (await once(child, "close")) as [number | null, string | null];
    return { code, by };
  }

  test.each([
    ["SIGINT", "analyse[3]", { code: 130, by: null }],
    ["SIGKILL", "analyse[3]", { code: null, by: "SIGKILL" }],
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
});

test("--otlp sends a span for the run, each task and each attempt of the report", async () => {
  const receiver = await openReceiver();
  onTestFinished(() => receiver.close());
  const out = newFolder();
  await audit(["--out", out, "--otlp", receiver.url, "--chaos", "0.3", known()]);
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

test("--otlp sends the spans of threads as parts of the same trace: a file that takes long is below its shard", async () => {
  const receiver = await openReceiver();
  onTestFinished(() => receiver.close());
  const long = Array.from({ length: 40_000 }, (_, n) => `export const v${n} = [${n}];\n`).join("");
  const root = temporaryTree({ "a.ts": long });
  await audit(["--out", newFolder(), "--otlp", receiver.url, "--workers", "1", root]);
  expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(linesOf(receiver.spans)).toContain("attempt analyse > analyse file");
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
  const few = await loaded("--workers", "1", known());
  const needless = [
    "typescript",
    "prom-client",
    "@opentelemetry/api",
    "@opentelemetry/sdk-trace-base",
  ];
  expect(needless.filter((name) => few.has(name))).toEqual([]);
  const metrics = join(temporaryTree(), "audit.prom");
  const all = await loaded("--workers", "0", "--metrics", metrics, "--otlp", receiver.url, known());
  expect(needless.filter((name) => !all.has(name))).toEqual([]);
});

test("a collector that is not there is told of, and changes nothing else", async () => {
  const args = ["--out", newFolder(), "--otlp", "http://127.0.0.1:9", known()];
  const { code, stdout, stderr } = await audit(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expectedOfKnown });
  expect(stderr).toContain("traces did not all reach http://127.0.0.1:9: ");
});
