/** A project of a user, beside the installed packages, and the programs that are run in it. Knows no test. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inject } from "vitest";

const installed = inject("installed");
const tools = join(installed, "../node_modules");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface User {
  readonly folder: string;
  path(file: string): string;
  read(file: string): string;
  /** Runs a program there. What it wrote is told, too, where it ends otherwise than with 0 and nobody expected that. */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Ended>;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly mayFail?: boolean;
}

/** A folder of its own with these files; a value that is no text is written as JSON. */
export function user(name: string, files: Readonly<Record<string, unknown>> = {}): User {
  const folder = join(installed, name);
  const path = (file: string): string => join(folder, file);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(path(file)), { recursive: true });
    writeFileSync(path(file), typeof content === "string" ? content : JSON.stringify(content));
  }
  return {
    folder,
    path,
    read: (file) => readFileSync(path(file), "utf8"),
    run: (program, args, options = {}) => run(folder, program, args, options),
  };
}

/** The script of a tool, to be given to a Node: `bin("jest", "bin/jest.js")`. */
export function bin(tool: string, script: string): string {
  return join(tools, tool, script);
}

/** A Node of that line, as `process.execPath` is one: `node("20.19")`. */
export function node(line: "20.19" | "22" | "24" | "26"): string {
  return join(tools, `node-${line}/bin/node`);
}

/** What a tool ships, as text. */
export function readTool(file: string): string {
  return readFileSync(join(tools, file), "utf8");
}

async function run(
  cwd: string,
  program: string,
  args: readonly string[],
  { env = {}, mayFail = false }: RunOptions,
): Promise<Ended> {
  const { NODE_OPTIONS: _, NODE_PATH: __, VITEST: ___, ...own } = process.env;
  const child = spawn(program, args, {
    cwd,
    env: { ...own, NO_COLOR: "1", CI: "true", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0 && !mayFail)
    throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  return { code, stdout, stderr };
}
