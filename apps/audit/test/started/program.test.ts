/** What a process adds to the program: threads, exit codes, signals, pipes, limits of the system. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { knownTree } from "../known-tree.ts";
import { type Ended, program, run, signalWhen } from "../program.ts";
import { fill, sharedTree, temporaryTree } from "../temporary-tree.ts";

const known = knownTree();

interface Statistics {
  readonly taskName: string;
  readonly status: string;
}

type Run = Ended & { readonly out: string };

async function audit(args: readonly string[], cwd?: string): Promise<Run> {
  const out = join(temporaryTree(), "out");
  const where = cwd === undefined ? {} : { cwd };
  return { ...(await run(process.execPath, [program, "--out", out, ...args], where)), out };
}

const json = (...path: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(join(...path), "utf8"));
const lastLine = (text: string): string | undefined => text.trimEnd().split("\n").at(-1);

test("without a path, the repository around the folder it is started in is audited", async () => {
  const root = temporaryTree({ ".git/HEAD": "", "a.md": "[x](gone.md)", "b/c/d.txt": "" });
  const { code, stdout } = await audit([], join(root, "b/c"));
  expect(stdout.split("\n")[0]).toBe("a.md:1  links  no such file or folder: gone.md");
  expect(code).toBe(1);
});

describe("the findings are the same wherever they are computed:", () => {
  /** Everything found, and the threads that the report names. */
  async function computed(workers: string, root: string) {
    const { code, out } = await audit(["--workers", workers, root]);
    const report = readFileSync(join(out, "report.json"), "utf8");
    const threads = new Set(report.match(/"executor":"worker-\d+"/g));
    return { code, findings: json(out, "findings.json"), threads: threads.size };
  }

  test("on a tree of several shards, with a file that is nested too deeply", async () => {
    const root = temporaryTree({ "deep.ts": "(".repeat(100_000) });
    const copies = 4;
    for (let n = 0; n < copies; n++) cpSync(known(), join(root, `copy ${n}`), { recursive: true });
    for (let n = 0; n < 6; n++) {
      const lines = Array.from({ length: 2000 }, (_, i) => `export const v${n}_${i} = [${i}];`);
      writeFileSync(
        join(root, `long${n}.ts`),
        `import "./long${(n + 1) % 6}";\n${lines.join("\n")}`,
      );
    }
    const [inline, two, auto] = await Promise.all(["0", "2", "auto"].map((n) => computed(n, root)));
    // The link that leaves the tree with known faults, and is not judged there, stays inside this one. And a README with
    // front matter is a page of a site where it is not that of the repository: two of its links are right there.
    expect(inline?.findings).toMatchObject({
      counts: { links: copies * 15, cycles: copies * 4 + 1 },
    });
    expect(inline?.findings.skipped).toContainEqual({
      path: "deep.ts",
      reason: "it is nested too deeply to be parsed",
    });
    expect(inline?.threads).toBe(0);
    expect(two).toEqual({ ...inline, threads: expect.toBeOneOf([1, 2]) });
    // So small a tree is not worth a thread.
    expect(auto).toEqual(inline);
  });
});

describe("the exit code is", () => {
  test("64 for wrong usage, and nothing runs", async () => {
    const root = temporaryTree({ "a.md": "" });
    const { code, stdout, stderr } = await run(process.execPath, [program, "--jsno"], {
      cwd: root,
    });
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    const told = ['Unknown option "--jsno". Did you mean "--json"?', 'Try "astrum-audit --help"'];
    expect(stderr).toBe(told.map((line) => `astrum-audit: ${line}\n`).join(""));
    expect(readdirSync(root)).toEqual(["a.md"]);
  });

  const manyFiles = sharedTree((root) => {
    const names = Array.from({ length: 400 }, (_, n) => `f${n}`);
    fill(root, Object.fromEntries(names.map((f, n) => [`${f}.ts`, `export const ${f} = ${n};\n`])));
  });

  test.each(["0", "2"])(
    "130 when it is interrupted with --workers %s, with reports of what was done",
    async (workers) => {
      const out = join(temporaryTree(), "out");
      const { code, stdout, stderr } = await run(process.execPath, [
        ...signalWhen(/ discover /, "SIGINT"),
        ...[program, "--workers", workers, "--report", "json", "--out", out, manyFiles()],
      ]);
      expect({ code, stderr }).toMatchObject({ code: 130 });
      expect(stderr).toContain("interrupted: stopping");
      expect(stdout).toMatch(/^incomplete: \? broken links, /);
      expect(json(out, "findings.json")).toMatchObject({
        state: "incomplete",
        counts: { dup: null },
      });
      const report = json(out, "report.json") as { readonly taskStatistics: readonly Statistics[] };
      expect(report).toMatchObject({ executionState: "cancelled" });
      const statuses = report.taskStatistics.map(({ taskName, status }) => [taskName, status]);
      expect(Object.fromEntries(statuses)).toMatchObject({
        discover: "completed",
        analyse: "cancelled",
        verdict: "skipped",
      });
    },
  );
});

test("the plan is printed, and nothing runs", async () => {
  const root = temporaryTree({ "a.md": "[x](gone.md)" });
  const { code, stdout, stderr } = await run(process.execPath, [program, "--plan"], { cwd: root });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("analyse (map, its items have keys) ← discover");
  expect(lastLine(stdout)).toMatch(/dupes:merge → verdict → (write:findings|history:append)$/);
  expect(readdirSync(root)).toEqual(["a.md"]);
});

test("it writes findings, reports, a log and an ignore file to --out, and nothing elsewhere", async () => {
  const root = temporaryTree({ "a.md": "" });
  const ended = await run(process.execPath, [program], { cwd: root });
  expect(ended.code).toBe(0);
  const written = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  expect(written).toEqual([
    ".astrum-audit",
    ".astrum-audit/.gitignore",
    ".astrum-audit/findings.json",
    ".astrum-audit/history.ndjson",
    ".astrum-audit/report.html",
    ".astrum-audit/report.json",
    ".astrum-audit/run.ndjson",
    "a.md",
  ]);
  expect(json(root, ".astrum-audit/report.json")).toMatchObject({
    format: "astrum.execution-report",
    executionState: "completed",
  });
});

test("a folder that was there before gets no ignore file, and is not audited", async () => {
  const root = temporaryTree({ "reports/old.md": "[x](gone.md)" });
  const args = [program, "--out", relative(process.cwd(), join(root, "reports")), root];
  expect((await run(process.execPath, args)).code).toBe(0);
  expect(readdirSync(join(root, "reports")).sort()).toEqual([
    "findings.json",
    "history.ndjson",
    "old.md",
    "report.html",
    "report.json",
    "run.ndjson",
  ]);
});

describe("when the reader stops reading,", () => {
  // More than a pipe holds, which is 64 KiB, so that the program is still writing when its reader has gone.
  const links = Array.from({ length: 2000 }, (_, n) => `[x](gone-${n}.md)`).join("\n");

  test.each(["head -1", "head -c 1", "true"])("%s, nothing is said about it", async (reader) => {
    const root = temporaryTree({ "a.md": links });
    const line = `"$0" "$1" --out "$2" "$3" | ${reader}`;
    const args = ["-c", line, process.execPath, program, join(temporaryTree(), "out"), root];
    const { stdout, stderr } = await run("sh", args);
    expect(stdout).toBe(
      {
        "head -1": "a.md:1  links  no such file or folder: gone-0.md\n",
        "head -c 1": "a",
        true: "",
      }[reader],
    );
    expect(stderr).not.toMatch(/EPIPE|Error|\n\s+at /);
    expect(lastLine(stderr)).toMatch(/the report: .*report\.html$/);
  });
});

test("an audit that cannot begin ends, although metrics were to be served", async () => {
  const root = temporaryTree({ "out/run.ndjson/in-the-way": "" });
  const args = [program, "--out", join(root, "out"), "--metrics", "0", root];
  const { code, stderr } = await run(process.execPath, args);
  expect(code).toBe(2);
  expect(stderr).toMatch(/run\.ndjson/);
});

test("--help and --version answer on stdout", async () => {
  const help = await run(process.execPath, [program, "--help"]);
  expect(help).toMatchObject({
    code: 0,
    stderr: "",
    stdout: expect.stringContaining("--max-dup N"),
  });
  const { version } = json(fileURLToPath(new URL("../../package.json", import.meta.url)));
  const told = await run(process.execPath, [program, "--version"]);
  expect(told).toEqual({ code: 0, stderr: "", stdout: `${version}\n` });
});
