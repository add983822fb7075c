/** What a person sees of a run: a program in a real pseudo-terminal, whose screen tmux tells. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill } from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "./programs.ts";

const PROGRAM = fileURLToPath(new URL("../fixtures/programs/watched.js", import.meta.url));
const ESCAPE = String.fromCharCode(27);
const DECIDERS = ["CI", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "GITHUB_ACTIONS"];

let folder: string;
let socket: string;
let go: string;
let pid: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "astrum-terminal-"));
  socket = join(folder, "tmux");
  go = join(folder, "go");
  pid = join(folder, "pid");
});

afterEach(() => {
  run("tmux", ["-S", socket, "kill-server"]);
  rmSync(folder, { recursive: true, force: true });
});

function tmux(...args: readonly string[]): string {
  const { code, stdout, stderr } = run("tmux", ["-S", socket, ...args]);
  if (code !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
  return stdout;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const program = (...more: readonly string[]): string =>
  [process.execPath, PROGRAM, go, ...more].map(quoted).join(" ");

/** Starts a shell line in a terminal of that size; after it the shell says how the line ended, and stays. */
function start(line: string, env: Record<string, string> = {}, columns = 80, rows = 24): void {
  const unset = DECIDERS.map((name) => `-u ${name}`).join(" ");
  const set = Object.entries(env).map(([name, value]) => quoted(`${name}=${value}`));
  const script = `trap : INT; ${line}; echo "ended with $?"; exec cat`;
  const command = `env ${unset} ${set.join(" ")} bash -c ${quoted(script)}`;
  tmux("-f", "/dev/null", "new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, command);
}

/** The screen and what has scrolled away, without the empty lines at the end. */
const everything = (): string => tmux("capture-pane", "-p", "-S", "-").trimEnd();
const painted = (): string => tmux("capture-pane", "-p", "-e", "-S", "-").trimEnd();
const screen = (): string => tmux("capture-pane", "-p").trimEnd();
const cursorShown = (): boolean => tmux("display-message", "-p", "#{cursor_flag}").trim() === "1";

const until = (read: () => string, expected: string | RegExp): Promise<void> =>
  expect.poll(read, { timeout: 20_000, interval: 30 }).toMatch(expected);
const times = (text: string, part: string): number => text.split(part).length - 1;

const COUNTS = /\d+ running/;
/** The live block; a line that was longer than the window is one line here, though the terminal has broken it. */
const block = (): string[] => {
  const lines = tmux("capture-pane", "-p", "-J").split("\n");
  const shown = lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  return shown.slice(shown.findLastIndex((line) => line.startsWith("nightly")));
};

async function letEnd(): Promise<string> {
  writeFileSync(go, "");
  await until(everything, /ended with \d+/);
  return everything();
}

describe("a program in a terminal", () => {
  it("shows the failure at once and the block below it; at the end the block is gone and the failure stays", async () => {
    start(program());
    await until(screen, /20 running/);
    expect(everything()).toMatch(/✗ broken[\s\S]*this is what broke[\s\S]*20 running/);
    const end = await letEnd();
    expect(end).toContain("this is what broke");
    expect(end).not.toMatch(COUNTS);
    expect(end).toContain("ended with 7");
    expect(cursorShown()).toBe(true);
  });

  it("keeps to a window of 40 columns and 8 rows, with two rows to spare", async () => {
    start(program(), {}, 40, 8);
    await until(screen, / more/);
    expect(times(everything(), "nightly")).toBe(1);
    expect(block()).toHaveLength(6);
    expect(block().filter((line) => line.length > 39)).toEqual([]);
    expect(await letEnd()).not.toMatch(COUNTS);
  });

  it("takes at most twelve lines of a high window", async () => {
    start(program(), {}, 80, 50);
    await until(screen, / more/);
    expect(block()).toHaveLength(12);
  });

  it("draws one block after the window has become wider and higher", async () => {
    start(program(), {}, 60, 12);
    await until(screen, COUNTS);
    tmux("resize-window", "-x", "100", "-y", "30");
    await until(() => tmux("display-message", "-p", "#{pane_width}"), /100/);
    await until(screen, COUNTS);
    expect(await letEnd()).not.toMatch(COUNTS);
  });

  it("leaves the failure and no block on the screen after the window has become narrower and lower", async () => {
    start(program(), {}, 100, 30);
    await until(screen, COUNTS);
    tmux("resize-window", "-x", "60", "-y", "14");
    await until(() => tmux("display-message", "-p", "#{pane_width}"), /60/);
    await until(() => `${block().every((line) => line.length < 60)}`, "true");
    expect(await letEnd()).toContain("this is what broke");
    expect(screen()).not.toMatch(COUNTS);
  });

  it.each([
    ["Ctrl-C", 130, () => tmux("send-keys", "C-c")],
    ["kill -9", 137, () => kill(Number(readFileSync(pid, "utf8")), "SIGKILL")],
  ])("leaves the terminal as it was after %s", async (_, code, end) => {
    const [before, after] = [join(folder, "before"), join(folder, "after")];
    const settings = (file: string): string => `stty -a >${quoted(file)}`;
    const told = `bash -c 'echo $$ >"$0"; exec "$@"' ${quoted(pid)} ${program()}`;
    start(`${settings(before)}; ${told}; code=$?; ${settings(after)}; (exit $code)`);
    await until(screen, COUNTS);
    end();
    await until(everything, `ended with ${code}`);
    expect(cursorShown()).toBe(true);
    expect(tmux("display-message", "-p", "#{alternate_on}").trim()).toBe("0");
    expect(readFileSync(after, "utf8")).toBe(readFileSync(before, "utf8"));
  });

  it("keeps whole every line the program writes to either output meanwhile", async () => {
    start(program("noisy"));
    await until(everything, "err 19;");
    await until(screen, COUNTS);
    const end = (await letEnd()).split("\n");
    for (let turn = 0; turn < 20; turn++) {
      expect(end.filter((line) => line === `out ${turn};`)).toHaveLength(1);
      expect(end.filter((line) => line === `err ${turn};`)).toHaveLength(1);
    }
    expect(end.join("\n")).not.toMatch(COUNTS);
  });

  it("shows the block below a line that the program began, which goes on where it was", async () => {
    start(program("halting"));
    await until(screen, COUNTS);
    writeFileSync(`${go}-1`, "");
    await until(screen, /one part,\nnightly[\s\S]*20 running/);
    const [column] = tmux("display-message", "-p", "#{cursor_x}").trim().split(" ");
    expect(column).toBe(String("one part,".length));
    writeFileSync(`${go}-2`, "");
    await until(screen, /one part, and the other;\nnightly[\s\S]*20 running/);
    expect((await letEnd()).split("\n")).toContain("one part, and the other;");
  });

  it("keeps whole every line of a child process that has the terminal for itself", async () => {
    start(program("parent"));
    await until(everything, "child 39;");
    await until(screen, COUNTS);
    const end = (await letEnd()).split("\n");
    for (let line = 0; line < 40; line++) {
      expect(end.filter((text) => text.startsWith(`child ${line};`))).toHaveLength(1);
    }
    expect(end.filter((text) => /^nightly {2}|^ {2}\d+ running/.test(text))).toEqual([]);
    expect(end.slice(-1)).toEqual(["ended with 7"]);
  });

  it("draws the block although CI is set, if it is set to false", async () => {
    start(program(), { CI: "false" });
    await until(screen, COUNTS);
  });

  it("draws the block while its standard output is read by another, who sees the summary alone", async () => {
    const read = join(folder, "read");
    start(`${program()} | cat >${quoted(read)}`);
    await until(screen, COUNTS);
    await letEnd();
    const text = readFileSync(read, "utf8");
    expect(text).toContain("this is what broke");
    expect(text).not.toContain(ESCAPE);
    expect(text).not.toMatch(COUNTS);
    expect(times(text, "✓ quick-0")).toBe(0);
  });

  it("writes lines without escapes where its standard error is read by another", async () => {
    const read = join(folder, "read");
    start(`${program()} 2> >(cat >${quoted(read)})`);
    await until(() => run("cat", [read]).stdout, "this is what broke");
    expect(screen()).toBe("");
    expect(await letEnd()).toContain("this is what broke");
    const text = readFileSync(read, "utf8");
    expect(text).toMatch(/\[ 1\/41\] ✓ quick-0/);
    expect(text).not.toContain(ESCAPE);
  });

  it("takes a terminal that does not tell its size for one of 80 by 24", async () => {
    start(`stty columns 0 rows 0; ${program()}`);
    await until(screen, COUNTS);
    expect(block()).toHaveLength(12);
    expect(await letEnd()).toMatch(/Slowest:\n.* ms {2}held-\d+/);
  });

  it.each([{ CI: "1" }, { TERM: "dumb" }])("writes lines and no block with %o", async (env) => {
    start(program(), env);
    await until(everything, "this is what broke");
    expect(await letEnd()).toMatch(/\[\s*\d+\/41\] ✓ quick-0/);
    expect(everything()).not.toMatch(COUNTS);
  });

  it.each([
    [{}, true],
    [{ NO_COLOR: "1" }, false],
  ])("with %o has colours: %s", async (env, coloured) => {
    start(program(), env);
    await until(screen, COUNTS);
    expect(painted().includes(`${ESCAPE}[31m`)).toBe(coloured);
  });
});

describe("a program whose outputs are read by another", () => {
  it.each([
    [{}, false],
    [{ FORCE_COLOR: "1" }, true],
  ])("writes lines into a file, with %o in colours: %s", async (env, coloured) => {
    const log = join(folder, "log");
    writeFileSync(go, "");
    start(`${program()} >${quoted(log)} 2>&1`, env);
    await until(everything, "ended with 7");
    const text = readFileSync(log, "utf8");
    expect(text).toContain("this is what broke");
    expect(text).not.toMatch(COUNTS);
    expect(text.includes(ESCAPE)).toBe(coloured);
  });

  it("ends with its own exit code and without a word when the reader goes away", async () => {
    const words = join(folder, "words");
    const line = `(${program()} 2>&1 1>/dev/null; echo "code $?" >${quoted(words)}) | head -1`;
    start(line);
    await until(everything, "nightly");
    writeFileSync(go, "");
    await until(everything, "ended with 0");
    await until(() => run("cat", [words]).stdout, "code 7");
    expect(everything()).not.toContain("EPIPE");
  });

  it("lets the process end by itself once the run has ended", async () => {
    writeFileSync(go, "");
    const child = spawn(process.execPath, [PROGRAM, go], { stdio: "ignore" });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect(code).toBe(7);
  });
});
