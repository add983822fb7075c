import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("asks and looks up in turns, within its rate and its budget, and says what it could not answer", () => {
  const main = join(import.meta.dirname, "../main.js");
  // An example is started as its reader does; the sources need no build.
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), main];
  const lines = execFileSync(process.execPath, flags, { encoding: "utf8" }).trimEnd().split("\n");
  const [told, lost, ...late] = lines;
  // 226 calls of which 10 are a burst take 4.3 minutes, and half a minute when the model was busy.
  expect(told).toBe("93 answers in 226 calls and 5 minutes");
  expect(lost).toMatch(/^ {2}question 13: .*"answers\[12\].turns" was not done after 5 flows/);
  expect(late.map((line) => line.split(":")[0])).toEqual(
    [95, 96, 97, 98, 99, 100].map((number) => `  question ${number}`),
  );
  for (const line of late) expect(line).toContain('The budget "tokens" is exhausted: ');
});
