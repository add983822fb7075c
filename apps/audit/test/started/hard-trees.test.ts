/** The whole program on trees that are hard to read: it ends as on any other, and says what it left out and why. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
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
  expect(counts).toMatchObject({ links: 1, binary: 1, oversized: 1, hotspots: null });
  expect(notJudged).toEqual({ hotspots: "not in a git repository" });
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

test("files that vanish, and files that become folders, between being found and being read", async () => {
  const first = Array.from({ length: 2000 }, (_, n) => [`a/${n}.txt`, "a\n"]);
  const root = temporaryTree({
    ...Object.fromEntries(first),
    "z/becomes-a-folder.md": "",
    "z/vanishes.md": "",
  });
  const out = join(temporaryTree(), "out");
  // One after the other, so that these two, which come last, are not read before they have changed.
  const quickly = ["--progress", "ndjson", "--report", "none"];
  const args = ["--io", "1", "--workers", "0", ...quickly, "--out", out, root];
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let told = "";
  let changed = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    told = told.slice(-1000) + text;
    if (changed || !told.includes('"type":"task.end","task":"discover"')) return;
    changed = true;
    rmSync(join(root, "z/vanishes.md"));
    rmSync(join(root, "z/becomes-a-folder.md"));
    mkdirSync(join(root, "z/becomes-a-folder.md"));
  });
  expect(await once(child, "close")).toEqual([0, null]);
  expect(findingsIn(out).skipped).toEqual([
    { path: "z/becomes-a-folder.md", reason: "not a regular file" },
    { path: "z/vanishes.md", reason: "the file vanished during the audit" },
  ]);
});
