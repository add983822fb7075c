/**
 * How often the files of a folder changed, as git tells it. Starts one child process; writes nothing, fetches nothing and
 * runs nothing that a repository configures.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The newest commits that are looked at: what changed often long ago is no hotspot now, and long histories take long. */
const commitsLookedAt = 1000;

export interface Churn {
  /** How many commits there were, `commitsLookedAt` at most. Merges are not counted. */
  readonly commits: number;
  /** By path, relative to the folder: the commits that changed it. */
  readonly changes: readonly (readonly [path: string, commits: number])[];
}

/** What the configuration of a repository could make `git log` start. */
const nothingElse = ["-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-pager"];
const environment = {
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_TERMINAL_PROMPT: "0",
  // Started by a hook, we have those of the hook's repository, relative to its folder.
  GIT_DIR: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_WORK_TREE: undefined,
};

const startOfCommit = "\u0001";

/** Rejects with what git said. The signal ends git. */
export async function gitChurn(root: string, signal: AbortSignal): Promise<Churn> {
  const log = [
    "log",
    `--max-count=${commitsLookedAt}`,
    "--no-merges",
    "--no-renames",
    "--no-ext-diff",
  ];
  const output = ["--relative", "--name-only", "-z", "--format=%x01", "--", "."];
  const { stdout } = await promisify(execFile)("git", [...nothingElse, ...log, ...output], {
    cwd: root,
    env: { ...process.env, ...environment },
    signal,
    maxBuffer: 256 * 1024 * 1024,
    windowsHide: true,
  });
  const counts = new Map<string, number>();
  const [, ...commits] = stdout.split(startOfCommit);
  for (const commit of commits) {
    for (const path of new Set(commit.replaceAll("\n", "").split("\0"))) {
      if (path !== "") counts.set(path, (counts.get(path) ?? 0) + 1);
    }
  }
  const changes = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return { commits: commits.length, changes };
}
