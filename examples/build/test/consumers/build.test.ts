import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const run = promisify(execFile);
const example = fileURLToPath(new URL("../../", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "astrum-build-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The program, with the package as it is built, in a folder of its own. */
async function build(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = [join(example, "main.js"), ...args];
  try {
    const { stdout, stderr } = await run(process.execPath, command, { cwd: folder });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}
const file = join(example, "build.json");

test("all targets are built, each after what it needs", async () => {
  const { code, out, err } = await build("--file", file);
  expect([code, out, err]).toEqual([0, "completed: 5 of 5 targets\n", ""]);
  const packed = await readFile(join(folder, "out/pack.txt"), "utf8");
  expect(packed.replaceAll(/\s+/g, " ").trim()).toBe("tSk graph9");
});

test("targets that are named are built with what they need, and no others", async () => {
  const { out } = await build("--file", file, "lint");
  expect(out).toBe("completed: 3 of 3 targets\n");
  expect(await readdir(join(folder, "out"))).toEqual(["words.txt"]);
});

test("the plan is shown, and nothing is built", async () => {
  const { code, out } = await build("--file", file, "--plan");
  expect(code).toBe(0);
  for (const target of ["clean", "words", "count", "lint", "pack"]) expect(out).toContain(target);
  expect(await readdir(folder)).toEqual([]);
});

test("a target that fails stops the build, with its command and an exit code", async () => {
  const broken = { broken: { command: "exit 3" }, after: { command: "true", needs: ["broken"] } };
  await writeFile(join(folder, "build.json"), JSON.stringify(broken));
  const { code, out, err } = await build();
  expect([code, out]).toEqual([1, "failed: 0 of 2 targets\n"]);
  expect(err).toBe('Task "broken" failed: `exit 3` ended with code 3\n');
});

test("a target that is not there is told, with the one that was probably meant", async () => {
  const { code, err } = await build("--file", file, "cuont");
  expect([code, err]).toEqual([
    1,
    `Target "cuont" is not a task of "${file}". Did you mean "count"?\n`,
  ]);
});
