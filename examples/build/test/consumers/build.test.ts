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
const write = (name: string, text: string) => writeFile(join(folder, name), text);
const packed = async () =>
  (await readFile(join(folder, "out/pack.txt"), "utf8")).replaceAll(/\s+/g, " ").trim();

beforeEach(() => write("README.md", "a build, again"));

test("all targets are built, each after what it needs, and nothing is built again", async () => {
  const first = await build("--file", file);
  expect(first).toEqual({ code: 0, out: "completed: 4 built, 0 as they were\n", err: "" });
  expect(await packed()).toBe("3 a build again");
  const second = await build("--file", file);
  expect(second).toEqual({ code: 0, out: "completed: 0 built, 4 as they were\n", err: "" });
});

test("what has changed is built again, and what reads only what came out the same is not", async () => {
  await build("--file", file);
  await write("README.md", "a build; again");
  expect((await build("--file", file)).out).toBe("completed: 1 built, 3 as they were\n");
  await write("README.md", "no build again");
  expect((await build("--file", file)).out).toBe("completed: 4 built, 0 as they were\n");
  expect(await packed()).toBe("3 no build again");
});

test("what is as it was before the last build, and not as it was then, is built again", async () => {
  await build("--file", file);
  await write("README.md", "no build again");
  await build("--file", file);
  await write("README.md", "a build, again");
  expect((await build("--file", file)).out).toBe("completed: 4 built, 0 as they were\n");
  expect(await packed()).toBe("3 a build again");
});

test("all is built again when something that was written is missing", async () => {
  await build("--file", file);
  await rm(join(folder, "out/count.txt"));
  expect((await build("--file", file)).out).toBe("completed: 4 built, 0 as they were\n");
});

test("all is built again when the last build was killed", async () => {
  await build("--file", file);
  const dies = { dies: { command: "kill -9 $PPID", reads: ["README.md"] } };
  await write("build.json", JSON.stringify(dies));
  expect((await build()).code).not.toBe(0);
  expect((await build("--file", file)).out).toBe("completed: 4 built, 0 as they were\n");
});

test("targets that are named are built with what they need, and no others", async () => {
  const { out } = await build("--file", file, "lint");
  expect(out).toBe("completed: 2 built, 0 as they were\n");
  expect(await readdir(join(folder, "out"))).toEqual(["words.txt"]);
});

test("the plan is shown, and nothing is built", async () => {
  const { code, out } = await build("--file", file, "--plan");
  expect(code).toBe(0);
  for (const target of ["words", "count", "lint", "pack"]) expect(out).toContain(target);
  expect(await readdir(folder)).toEqual(["README.md"]);
});

test("a target that fails stops the build, with its command and an exit code, and is built the next time", async () => {
  const targets = {
    good: { command: "true", reads: ["README.md"] },
    broken: { command: "exit 3", needs: ["good"], reads: ["README.md"] },
    after: { command: "true", needs: ["broken"] },
  };
  await write("build.json", JSON.stringify(targets));
  const { code, out, err } = await build();
  expect([code, out]).toEqual([1, "failed: 1 built, 0 as they were\n"]);
  expect(err).toBe('Task "broken" failed: `exit 3` ended with code 3\n');
  expect((await build()).out).toBe("failed: 0 built, 1 as they were\n");
});

test("a file that is read and is not there fails its target, and says which", async () => {
  await write("build.json", JSON.stringify({ alone: { command: "true", reads: ["gone.txt"] } }));
  const { code, err } = await build();
  expect(code).toBe(1);
  expect(err).toContain('"alone"');
  expect(err).toContain("gone.txt");
});

test("a target that is not there is told, with the one that was probably meant", async () => {
  const { code, err } = await build("--file", file, "cuont");
  expect([code, err]).toEqual([
    1,
    `Target "cuont" is not a task of "${file}". Did you mean "count"?\n`,
  ]);
});
