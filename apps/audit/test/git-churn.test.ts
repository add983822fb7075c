/** How often files changed, from a repository that is there. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { gitChurn } from "../src/git-churn.ts";
import { temporaryTree } from "./temporary-tree.ts";

const { signal } = new AbortController();

function repository(path: string, commits: number): string {
  const root = temporaryTree({ [path]: "" });
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
  const git = (...args: string[]) => execFileSync("git", [...who, ...args], { cwd: root });
  git("init", "-q");
  for (let n = 1; n <= commits; n++) {
    writeFileSync(join(root, path), `${n}`);
    git("add", ".");
    git("commit", "-q", "-m", `${n}`);
  }
  return root;
}

test("it is of the folder that is audited, also when a hook of another repository starts the audit", async () => {
  const [ours, hooked] = [repository("ours.ts", 2), repository("theirs.ts", 3)];
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const { GIT_DIR, GIT_WORK_TREE } of [
    { GIT_DIR: ".git", GIT_WORK_TREE: "." },
    { GIT_DIR: join(hooked, ".git"), GIT_WORK_TREE: hooked },
  ]) {
    vi.stubEnv("GIT_DIR", GIT_DIR);
    vi.stubEnv("GIT_WORK_TREE", GIT_WORK_TREE);
    expect(await gitChurn(ours, signal)).toEqual({ commits: 2, changes: [["ours.ts", 2]] });
  }
});

test("it is of the files below the folder, relative to it", async () => {
  const root = repository("below/a.ts", 2);
  expect(await gitChurn(join(root, "below"), signal)).toMatchObject({ changes: [["a.ts", 2]] });
});
