/** What a process adds to the command: exit codes, pipes, signals, terminals, full disks, a browser; logs of killed runs. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderJson, renderNdjson, renderText, reporters } from "../../src/index.ts";
import { builtProgram } from "../command/built-program.ts";
import { documentedFiles, filesOf, siteRun } from "../command/site-runs.ts";
import { compiledFile } from "../compiled.ts";
import { fixture } from "../fixtures.ts";

/** What a shell finds: the program, and what opens files where there is no desktop. */
const bin = mkdtempSync(join(tmpdir(), "astrum-bin-"));
const opened = join(bin, "opened");
let program = "";

beforeAll(async () => {
  program = await builtProgram();
  symlinkSync(program, join(bin, "astrum-report"));
  chmodSync(program, 0o755);
  // Without a display, what opens files on Linux leaves it to this program.
  writeFileSync(join(bin, "run-mailcap"), `#!/bin/sh\nprintf '%s\\n' "$2" >> ${opened}\n`);
  chmodSync(join(bin, "run-mailcap"), 0o755);
});

afterAll(() => rmSync(bin, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const {
  NO_COLOR: _,
  FORCE_COLOR: __,
  DISPLAY: ___,
  CI: ____,
  GITHUB_ACTIONS: _____,
  ...own
} = process.env;

function started(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  const path = `${bin}:${own.PATH}`;
  return spawn(command, args, {
    cwd,
    env: { ...own, PATH: path, TMPDIR: cwd, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** A line of a shell, in that folder. */
function typed(line: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = started("bash", ["-c", line], cwd, env);
  child.stdin?.end();
  return ended(child);
}

describe("The program", () => {
  it("answers on standard output, complains on standard error, and exits as documented", async () => {
    const report = await siteRun("r1");
    const folder = filesOf({
      "a.json": report,
      "b.json": await siteRun("r2", { build: 900, day: 2 }),
      "x.txt": "hello",
    });
    expect(await typed("astrum-report show a.json", folder)).toMatchObject({
      code: 0,
      stdout: renderText(report),
      stderr: "",
    });
    expect(await typed("astrum-report --version", folder)).toMatchObject({ code: 0, stderr: "" });
    for (const [line, code] of [
      ["compare a.json b.json", 1],
      ["compare b.json a.json", 0],
      ["show a.json --jsno", 64],
      ["show x.txt", 65],
      ["show gone.json", 66],
      ["convert a.json --out gone/b.txt", 73],
    ] as const) {
      const told = await typed(`astrum-report ${line}`, folder);
      expect([line, told.code, told.stderr === ""]).toEqual([line, code, code < 2]);
    }
  });

  it("reads what is piped into it, a pipe with a name, and nothing else of a shell", async () => {
    const folder = filesOf({ "run.ndjson": [await siteRun("r1")] });
    const whole = (await typed("astrum-report show run.ndjson", folder)).stdout;
    for (const line of [
      "cat run.ndjson | astrum-report show -",
      "astrum-report show <(cat run.ndjson)",
      "astrum-report - < run.ndjson",
    ]) {
      expect(await typed(line, folder)).toMatchObject({ code: 0, stdout: whole, stderr: "" });
    }
    expect(await typed("astrum-report show - < /dev/null", folder)).toMatchObject({
      code: 65,
      stderr: "astrum-report: standard input is empty: nothing of a run has been written to it\n",
    });
  });

  it.each(["head -1", "head -c 1", "true"])(
    "says nothing about a reader that went away: %s",
    async (reader) => {
      const folder = filesOf({ "run.json": fixture("large") });
      for (const to of ["ndjson", "json", "tap"]) {
        const { stderr } = await typed(
          `astrum-report convert run.json --to ${to} | ${reader}`,
          folder,
        );
        expect([to, stderr]).toEqual([to, ""]);
      }
    },
  );

  it("writes all of a large output into a pipe that is read slowly", async () => {
    const folder = filesOf({ "run.json": fixture("large") });
    const { stdout } = await typed(
      "astrum-report convert run.json --to csv | (sleep 0.2; cat) | wc -c",
      folder,
    );
    expect(Number(stdout)).toBe(Buffer.byteLength(reporters.csv.render(fixture("large"))));
  });

  it("says when standard output is a full disk", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    for (const command of ["show run.json", "convert run.json --to json", "show run.json --json"]) {
      const { code, stderr } = await typed(`astrum-report ${command} > /dev/full`, folder);
      expect([command, code]).toEqual([command, 73]);
      expect(stderr).toMatch(/^astrum-report: Cannot write to standard output: ENOSPC.*\n$/);
    }
  });

  it("leaves what was there before when the disk is full half way", async () => {
    const folder = filesOf({ "run.json": fixture("large"), "out.ndjson": "before\n" });
    for (const to of ["ndjson", "json"]) {
      // The signal of the limit would end the process; a write that fails is told instead.
      const line = `trap '' XFSZ; ulimit -f 64; astrum-report convert run.json --to ${to} --out out.ndjson`;
      const { code, stderr } = await typed(line, folder);
      expect([code, stderr]).toEqual([
        73,
        expect.stringMatching(/^astrum-report: Cannot write "out.ndjson": E/),
      ]);
      expect(readFileSync(join(folder, "out.ndjson"), "utf8")).toBe("before\n");
      expect(readdirSync(folder).sort()).toEqual(["out.ndjson", "run.json"]);
    }
  });

  it("ends at once on Ctrl-C, with nothing written", async () => {
    const folder = filesOf({ "out.txt": "before\n" });
    const child = started("astrum-report", ["convert", "-", "--out", "out.txt"], folder);
    const end = ended(child);
    await new Promise((written) => child.stdin?.write('{"format":', written));
    child.kill("SIGINT");
    expect(await end).toMatchObject({ signal: "SIGINT", stdout: "", stderr: "" });
    expect(readdirSync(folder)).toEqual(["out.txt"]);
    expect(readFileSync(join(folder, "out.txt"), "utf8")).toBe("before\n");
  });
});

it("In a pipe there is no escape sequence, also in the job of a service that shows colours, unless it is told so", async () => {
  const folder = filesOf({ "run.json": await siteRun("r1", { failures: 2 }) });
  const shown = async (env: NodeJS.ProcessEnv, more = ""): Promise<boolean> => {
    const { stdout } = await typed(`astrum-report show run.json ${more}`, folder, env);
    return stdout.includes("\u001b");
  };
  expect(await shown({ GITHUB_ACTIONS: "true", CI: "true" })).toBe(false);
  expect(await shown({ FORCE_COLOR: "1" })).toBe(true);
  expect(await shown({ FORCE_COLOR: "1" }, "--no-color")).toBe(false);
  expect(await shown({ FORCE_COLOR: "0" })).toBe(false);
  expect(await shown({ NO_COLOR: "1" }, "--color")).toBe(true);
});

describe("On a terminal", () => {
  const onTerminal = (line: string, folder: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    typed(`script -qefc 'stty cols 40 rows 24; ${line}' /dev/null`, folder, {
      TERM: "xterm",
      ...env,
    });

  it("show has colours unless NO_COLOR says no, and wraps sentences to its columns", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    const coloured = await onTerminal("astrum-report show run.json", folder);
    expect(coloured.stdout).toContain("\u001b[");
    const plain = await onTerminal("astrum-report show run.json", folder, { NO_COLOR: "1" });
    expect(plain.stdout).not.toContain("\u001b");
    expect(plain.stdout).toContain("site: completed after 1.1 s");
    for (const line of plain.stdout.split(/\r?\n/)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("strip keeps within its columns", async () => {
    const runs = await Promise.all(
      Array.from({ length: 28 }, (_, day) => siteRun(`r${day}`, { day: day + 1 })),
    );
    const folder = filesOf({ "all.ndjson": runs });
    const { stdout } = await onTerminal("astrum-report strip all.ndjson", folder);
    const rows = stdout.split(/\r?\n/).filter((line) => /[▁▂▃▄▅▆▇█]{5}/.test(line));
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(40);
  });
});

describe("Of a log", () => {
  it("of a process that was killed, the run is shown, turned into a page and taken up", async () => {
    const folder = filesOf({});
    const file = join(folder, "killed-process.mjs");
    await compiledFile("./killed-process.ts", file);
    const child = fork(file, [join(folder, "run.ndjson"), join(folder, "calls"), "40"], {
      execArgv: [],
    });
    const gone = once(child, "exit");
    await once(child, "message");
    child.kill("SIGKILL");
    await gone;
    const shown = await typed("astrum-report run.ndjson", folder);
    expect([shown.code, shown.stderr]).toEqual([1, ""]);
    expect(shown.stdout).toMatch(/^killable: interrupted after /);
    const page = await typed("astrum-report open run.ndjson --no-open --out run.html", folder);
    expect([page.code, existsSync(page.stdout.trim())]).toEqual([0, true]);
    const info = await typed("astrum-report resume-info run.ndjson", folder);
    expect(info.stdout).toMatch(/\n\d+ results are stored:\n {2}/);
    expect(info.stdout).toContain("when the earlier run was interrupted");
  });

  it("that is larger than memory, the run is read all the same", async () => {
    const log = renderNdjson(await siteRun("r1"));
    const folder = filesOf({ "run.ndjson": log });
    const file = join(folder, "run.ndjson");
    // A hole costs no disk: to a reader it is zeros, as a crash of the machine leaves them.
    truncateSync(file, 700_000_000);
    appendFileSync(file, `\n${renderNdjson(await siteRun("r2", { day: 2 }))}`);
    const { code, stdout } = await typed("astrum-report show run.ndjson --json", folder, {
      NODE_OPTIONS: "--max-old-space-size=128",
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ run: { id: "r2" } });
    expect(statSync(file).size).toBeGreaterThan(700_000_000);
  });
});

describe("Each line of docs/command.md, as it stands there,", () => {
  const page = readFileSync(new URL("../../../../docs/command.md", import.meta.url), "utf8");
  const lines = Array.from(page.matchAll(/```sh\n([\s\S]*?)```/g), ([, block = ""]) =>
    block.trim().split("\n"),
  ).flat();

  it.each(lines)("%s", async (line) => {
    const folder = await documentedFiles();
    const { code } = await typed(line, folder);
    expect([line, code]).toEqual([line, line.includes("compare yesterday") ? 1 : 0]);
  });

  it("hands the page to the browser", async () => {
    const folder = filesOf({ "run.json": renderJson(await siteRun("r1")) });
    const { stdout } = await typed("astrum-report open run.json", folder);
    const asked = (): string[] => readFileSync(opened, "utf8").split("\n");
    await expect.poll(asked, { timeout: 50_000 }).toContain(stdout.trim());
  });
});
