/** The whole program on trees that are hard to read: it ends as on any other, and says what it left out and why. */
import { chmodSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { program, run } from "../program.ts";
import { temporaryTree } from "../temporary-tree.ts";

interface Findings {
  readonly counts: object;
  readonly notJudged: object;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

const findingsIn = (out: string): Findings =>
  JSON.parse(readFileSync(join(out, "findings.json"), "utf8"));

// The superuser may read everything, unless started without the right to.
const asAnybody =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : ["env"];

test("unreadable files and folders, links in a circle, a hole of two gigabytes and a name that is not UTF-8, without .git", async () => {
  const root = temporaryTree({
    "a.md": "[x](gone.md)\n",
    "closed.md": "[x](gone.md)\n",
    "closed/b.md": "[x](gone.md)\n",
    "open/c.md": "# C\n",
    hole: "",
  });
  chmodSync(join(root, "closed.md"), 0);
  chmodSync(join(root, "closed"), 0);
  symlinkSync("..", join(root, "open/above"));
  symlinkSync("to-itself", join(root, "to-itself"));
  truncateSync(join(root, "hole"), 2 * 1024 ** 3);
  writeFileSync(Buffer.concat([Buffer.from(join(root, "caf")), Buffer.of(0xe9)]), "");
  const out = join(temporaryTree(), "out");
  const [command = "", ...args] = [...asAnybody, process.execPath, program, "--out", out, root];
  const { code, stdout, stderr } = await run(command, args);
  chmodSync(join(root, "closed"), 0o755);

  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(stdout).toContain("a.md:1  links  no such file or folder: gone.md\n");
  const { counts, notJudged, skipped } = findingsIn(out);
  expect(counts).toMatchObject({ links: 1, hotspots: null });
  expect(notJudged).toMatchObject({ hotspots: "not in a git repository" });
  expect(skipped).toEqual([
    { path: "caf\\xe9", reason: "its name is not valid UTF-8" },
    { path: "closed", reason: "no permission to read the folder" },
    { path: "closed.md", reason: "no permission to read the file" },
    { path: "open/above", reason: "a symbolic link, not followed" },
    { path: "to-itself", reason: "a symbolic link that leads back to itself" },
  ]);
  for (const { path, reason } of skipped) {
    expect(stderr).toContain(`astrum-audit: skipped ${path}: ${reason}\n`);
  }
});
