/** What the audit finds in a tree, and what its exit code makes of it. Starts no process. */
import { readdirSync, readFileSync } from "node:fs";
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
  test("with a verdict that says what each kind was judged from", async () => {
    const { code, stdout, out } = await auditHere([known()]);
    expect(stdout).toBe(expectedOfKnown);
    expect(code).toBe(1);
    const findings = json(out, "findings.json");
    expect(findings).toMatchObject({
      format: "astrum-audit.findings",
      state: "failed",
      over: ["links", "cycles"],
      counts: { links: 16, cycles: 4, dup: 1, hotspots: null },
      from: { links: 4, cycles: 18, dup: 22, hotspots: 18 },
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
      members: ["src/long.ts", "src/long2.ts", "src/long3.ts", "src/short.ts"],
    });
  });
});

describe("the exit code is", () => {
  test("0 for a clean tree and for an empty folder", async () => {
    const clean = await auditHere([temporaryTree({ "a.md": "# A\n[a](#a)" })]);
    expect(clean).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^passed: 0 broken links, .*; looked at 1 text file; /),
    });
    const { code, stdout } = await auditHere([temporaryTree()]);
    const nothing =
      "passed: broken links not judged, import cycles not judged, duplicated blocks not judged, " +
      "hotspots not judged; looked at 0 text files; skipped 0\n";
    expect({ code, stdout }).toEqual({ code: 0, stdout: nothing });
  });

  test("0 when what was found may not fail it, 1 when it may", async () => {
    const verdict = async (...failOn: readonly string[]) => {
      const { code, stdout } = await auditHere(["--fail-on", ...failOn, known()]);
      return `${code} ${lastLine(stdout)?.split(":")[0]}`;
    };
    expect(await verdict("none")).toBe("0 passed");
    expect(await verdict("dup")).toBe("0 passed");
    expect((await auditHere(["--fail-on", "dup", known()])).stdout).toContain(
      "1 duplicated block (5 allowed), ",
    );
    expect(await verdict("dup", "--max-dup", "0")).toBe("1 failed on dup");
    expect(await verdict("cycles")).toBe("1 failed on cycles");
  });

  test.each([
    [
      "a folder that is not there",
      (root: string) => [join(root, "gone")],
      /^There is no folder ".*gone"$/,
    ],
    [
      "a file",
      (root: string) => [join(root, "a.md")],
      /^".*a\.md" is a file; give the folder to audit$/,
    ],
    [
      "an --out that is a file",
      (root: string) => ["--out", join(root, "a.md"), root],
      /^Cannot write to ".*a\.md": EEXIST: /,
    ],
  ])("64 for %s, and nothing runs", async (_, args, problem) => {
    const root = temporaryTree({ "a.md": "" });
    const { code, stdout, stderr } = await inProcess(args(root));
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    const [first = "", ...rest] = stderr.trimEnd().split("\n");
    expect(first.slice("astrum-audit: ".length)).toMatch(problem);
    expect(rest).toEqual(['astrum-audit: Try "astrum-audit --help"']);
    expect(readdirSync(root)).toEqual(["a.md"]);
  });

  test("2 when what was found cannot be written", async () => {
    const out = temporaryTree({ "findings.json/in-the-way": "" });
    const { code, stderr } = await inProcess(["--out", out, known()]);
    expect(code).toBe(2);
    expect(lastLine(stderr)).toMatch(/^astrum-audit: EISDIR: .*findings\.json'$/);
  });
});

describe("the default gate", () => {
  const block = Array.from({ length: 12 }, (_, n) => `const v${n} = make(${n}, some, words);\n`);
  const healthy = {
    "README.md": "# A\n\n[Guide](docs/guide.md) and [built](dist/a.js)\n",
    ".gitignore": "dist/\n",
    "docs/guide.md": "---\ntitle: Guide\n---\n\n[a](./other) [b](../made) [c](#it-s)\n\n# It's\n",
    "docs/other.md": "# Other {#own}\n\n[d](#own)\n",
    "src/a.ts": 'import "./b";\nimport text from "./a.ts?raw";\n',
    "src/b.ts": `export {};\n${block.join("")}`,
    "test/a.test.ts": block.join(""),
    "test/b.test.ts": block.join(""),
    "test/fixtures/circle/a.js": 'import "./b.js";\n',
    "test/fixtures/circle/b.js": 'import "./a.js";\n',
    "test/fixtures/README.md": "[gone](gone.md)\n",
  };

  test("passes on a repository with a site, a build, tests and fixtures", async () => {
    const { code, stdout, stderr, out } = await auditHere([temporaryTree(healthy)]);
    expect({ code, stdout: lastLine(stdout) }).toEqual({
      code: 0,
      stdout:
        "passed: 0 broken links, 0 import cycles, 0 duplicated blocks, hotspots not judged; " +
        "looked at 11 text files; skipped 0",
    });
    for (const told of ["links: 1 site, 1 test", "cycles: 1 test", "dup: 1 test"]) {
      expect(stderr).toContain(`astrum-audit: not counted, in findings.json: ${told}\n`);
    }
    expect(json(out, "findings.json")).toMatchObject({ apart: { links: 2, cycles: 1, dup: 1 } });
  });

  test.each([
    ["links", { "docs/guide.md": "[gone](gone.md)\n" }],
    ["cycles", { "src/b.ts": 'import "./a";\n' }],
  ])("fails on planted %s", async (kind, fault) => {
    const { code, stdout } = await auditHere([temporaryTree({ ...healthy, ...fault })]);
    expect({ code, stdout: lastLine(stdout) }).toEqual({
      code: 1,
      stdout: expect.stringMatching(new RegExp(`^failed on ${kind}: `)),
    });
  });
});

test("where nothing was read that a kind is found in, it is not judged, and that is said", async () => {
  const { stdout, stderr } = await auditHere([
    temporaryTree({ "a.go": "package a\n", "b.rst": "x" }),
  ]);
  expect(stdout).toBe(
    "passed: broken links not judged, import cycles not judged, 0 duplicated blocks, hotspots not judged; " +
      "looked at 2 text files; skipped 0\n",
  );
  expect(stderr).toContain("astrum-audit: no links: no Markdown was read\n");
  expect(stderr).toContain("astrum-audit: no cycles: no JavaScript or TypeScript was read\n");
});

test("a name with line breaks and terminal codes stays one harmless line", async () => {
  const root = temporaryTree({ "a\n\u001b[2Jb.md": "[x](gone.md)" });
  const { stdout } = await auditHere([root]);
  expect(stdout.split("\n")[0]).toBe(
    "a\\u000a\\u001b[2Jb.md:1  links  no such file or folder: gone.md",
  );
});
