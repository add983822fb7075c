import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** A run resolves whether its tasks failed or not, so a program that only awaits it leaves a failed job green. */
const root = fileURLToPath(new URL("../../../", import.meta.url));

interface DocumentedRun {
  readonly program: string;
  readonly line: string;
  readonly handled: boolean;
}

/** Runs on a virtual clock stand in tests, where an assertion fails the job. */
function documentedRuns(page: string, file: string): DocumentedRun[] {
  const programs = Array.from(
    page.matchAll(/```(?:ts|js)\n([\s\S]*?)```/g),
    ([, code]) => code ?? "",
  );
  return programs.flatMap((program) =>
    Array.from(
      program.matchAll(/^.*\bawait (?!clock\.).*\.(?:run|execute)\(.*$/gm),
      ([line]): DocumentedRun => ({
        program: file,
        line,
        handled: handles(program, /\bconst (\w+) = /.exec(line)?.[1]),
      }),
    ),
  );
}

function handles(program: string, result: string | undefined): boolean {
  if (result === undefined) return false;
  return (
    program.includes(`${result}.unwrap()`) ||
    program.includes(`if (${result}.executionState !== "completed") process.exitCode = 1;`)
  );
}

const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && !file.startsWith(".changeset/"));
const runs = pages.flatMap((file) => documentedRuns(readFileSync(`${root}${file}`, "utf8"), file));

describe("A failed run fails the job, as documented:", () => {
  test("the programs of the front page, of every package that is run and of the terminal are looked at", () => {
    const looked = new Set(runs.map(({ program }) => program));
    expect([...looked]).toEqual(
      expect.arrayContaining([
        "README.md",
        "docs/terminal.md",
        "packages/core/README.md",
        "packages/otel/README.md",
        "packages/prometheus/README.md",
        "packages/reporters/README.md",
        "packages/worker-threads/README.md",
      ]),
    );
    expect(runs.length).toBeGreaterThan(12);
  });

  test("each of them sets the exit code, or throws", () => {
    expect(runs.filter(({ handled }) => !handled)).toEqual([]);
  });

  test.each([
    ["await nightly.run();", false],
    ["const done = await nightly.run();", false],
    ["const done = await nightly.run();\nother.unwrap();", false],
    ["const done = await nightly.run();\ndone.unwrap();", true],
    ["const done = await scheduler.execute();\nconsole.log(done.unwrap().sum);", true],
    [
      'const done = await nightly.run();\nif (done.executionState !== "completed") process.exitCode = 1;',
      true,
    ],
  ])("a planted program is told for what it does: %j", (code, handled) => {
    const [run, ...more] = documentedRuns(`# A page\n\n\`\`\`ts\n${code}\n\`\`\`\n`, "planted.md");
    expect(more).toEqual([]);
    expect(run?.handled).toBe(handled);
  });
});
