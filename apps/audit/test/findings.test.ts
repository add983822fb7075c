/** What the audit finds in a tree, and what its exit code makes of it. Starts no process. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inProcess } from "./in-process.ts";
import { expectedOfKnown, knownTree } from "./known-tree.ts";
import { temporaryTree } from "./temporary-tree.ts";

const known = knownTree();

async function auditHere(args: readonly string[]) {
  const out = join(temporaryTree(), "out");
  return { ...(await inProcess(["--out", out, ...args])), out };
}

const json = (...path: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(join(...path), "utf8"));
const lastLine = (text: string): string | undefined => text.trimEnd().split("\n").at(-1);

describe("the tree with known faults gives exactly its findings", () => {
  test.each(["1", "2", "200"])("with --io %s", async (io) => {
    const { code, stdout, out } = await auditHere(["--io", io, known()]);
    expect(stdout).toBe(expectedOfKnown);
    expect(code).toBe(1);
    const findings = json(out, "findings.json");
    expect(findings).toMatchObject({
      format: "astrum-audit.findings",
      state: "failed",
      over: ["links", "cycles"],
      counts: { links: 16, cycles: 4, dup: 1, secrets: 0, hotspots: null, oversized: 0, binary: 0 },
      notJudged: { hotspots: "not in a git repository" },
      textFiles: 27,
      skipped: [{ path: "src/broken-syntax.ts" }],
    });
    expect(findings.findings).toHaveLength(21);
  });

  test("as JSON, which is what findings.json holds", async () => {
    const { stdout, out } = await auditHere(["--json", known()]);
    expect(stdout).toBe(readFileSync(join(out, "findings.json"), "utf8"));
    const findings = (JSON.parse(stdout) as { findings: { path: string; kind: string }[] })
      .findings;
    expect(findings.find(({ kind }) => kind === "dup")).toEqual({
      kind: "dup",
      path: "src/left.py",
      line: 6,
      message: "lines 6-19 (12 compared) are also at src/right.py:3-16",
      lines: 12,
      occurrences: [
        { path: "src/left.py", startLine: 6, endLine: 19 },
        { path: "src/right.py", startLine: 3, endLine: 16 },
      ],
    });
    expect(findings.find(({ path }) => path === "src/long2.ts")).toMatchObject({
      files: ["src/long2.ts", "src/short.ts"],
      componentSize: 4,
    });
  });
});

describe("the exit code is", () => {
  test("0 for a clean tree and for an empty folder", async () => {
    const clean = await auditHere([temporaryTree({ "a.md": "# A\n[a](#a)" })]);
    expect(clean).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^passed: .*; looked at 1 text file and /),
    });
    const { code, stdout } = await auditHere([temporaryTree()]);
    const nothing =
      "passed: 0 broken links, 0 import cycles, 0 duplicated blocks (5 allowed), 0 likely secrets, " +
      "hotspots not judged, 0 oversized files, 0 non-media binary files; looked at 0 text files and 0 binary files, media included; skipped 0\n";
    expect({ code, stdout }).toEqual({ code: 0, stdout: nothing });
  });

  test("0 when what was found may not fail it, 1 when it may", async () => {
    const verdict = async (...failOn: readonly string[]) => {
      const { code, stdout } = await auditHere(["--fail-on", ...failOn, known()]);
      return `${code} ${lastLine(stdout)?.split(":")[0]}`;
    };
    expect(await verdict("none")).toBe("0 passed");
    expect(await verdict("dup")).toBe("0 passed");
    expect(await verdict("dup", "--max-dup", "0")).toBe("1 failed on dup");
    expect(await verdict("cycles")).toBe("1 failed on cycles");
  });

  test("2 when what was found cannot be written", async () => {
    const out = temporaryTree({ "findings.json/in-the-way": "" });
    const { code, stderr } = await inProcess(["--out", out, known()]);
    expect(code).toBe(2);
    expect(lastLine(stderr)).toMatch(/^astrum-audit: EISDIR: .*findings\.json'$/);
  });
});

test("a name with line breaks and terminal codes stays one harmless line", async () => {
  const root = temporaryTree({ "a\n\u001b[2Jb.md": "[x](gone.md)" });
  const { stdout } = await auditHere([root]);
  expect(stdout.split("\n")[0]).toBe(
    "a\\u000a\\u001b[2Jb.md:1  links  no such file or folder: gone.md",
  );
});
