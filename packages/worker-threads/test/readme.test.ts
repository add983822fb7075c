import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

test("the example of the README compiles to a program that runs and ends", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  // Inside the package, so that its name resolves as it would for a user, and where no compiler looks meanwhile.
  const place = fileURLToPath(new URL("../test-results/", import.meta.url));
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(join(place, "readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [, name, code] of readme.matchAll(/```[jt]s\n\/\/ (\S+)\n(.*?)```/gs))
    writeFileSync(join(folder, String(name)), String(code));
  const node = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx")];
  const printed = execFileSync(process.execPath, [...node, join(folder, "main.ts")], {
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(printed.trim()).toBe("9592");
});
