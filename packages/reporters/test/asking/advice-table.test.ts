import { exec } from "node:child_process";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("the program that prints the advice beside what then happened can be bundled as its script does", async () => {
  const home = join(import.meta.dirname, "../..");
  const { scripts } = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  const [bundling] = scripts.advice.split(" | ");
  const bin = join(home, "node_modules/.bin");
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const bundled = await promisify(exec)(bundling, { cwd: home, env, maxBuffer: 2 ** 25 });
  expect(bundled).toMatchObject({ stdout: expect.stringContaining("in real time"), stderr: "" });
});
