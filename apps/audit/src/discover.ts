/**
 * Walks a folder and lists what an audit may read: the files git would show, links and special files named but not
 * followed. Reads no file but ignore files, and judges nothing.
 */
import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { comparePaths, type Skip } from "./finding.ts";
import { isPassing } from "./flaky-io.ts";
import { type IgnoreFile, IgnoreRules, ignoreFileNames } from "./ignore-rules.ts";

/** Never part of a repository's own sources, whatever its ignore files say. */
export const neverEntered: ReadonlySet<string> = new Set([
  ".git",
  ".hg",
  ".jj",
  ".svn",
  "node_modules",
  ".astrum-audit",
]);

export interface Discovery {
  /** Regular files, relative to the root, with `/`, sorted. */
  readonly files: readonly string[];
  /** Everything else that a link may point to: folders (`""` is the root), symbolic links, pipes and the like. */
  readonly places: readonly string[];
  /** Whether it is a git repository or a part of one. */
  readonly repository: boolean;
  /** Every ignore file below the root and above it, farther ones first. */
  readonly ignoreFiles: readonly IgnoreFile[];
  /** From where their rules count to the root: `""` or `"docs/"`. */
  readonly prefix: string;
  readonly skipped: readonly Skip[];
}

export interface DiscoverOptions {
  readonly signal: AbortSignal;
  /** A folder that is left out: where the audit writes. */
  readonly out: string;
}

/** Lists `root`. Rejects if `root` itself cannot be listed, while trying again may help, or with the signal's reason. */
export async function discover(root: string, { signal, out }: DiscoverOptions): Promise<Discovery> {
  const files: string[] = [];
  const places: string[] = [];
  const skipped: Skip[] = [];
  const outside = await rulesAbove(root, skipped);
  const toRoot = outside.prefix;
  const ignoreFiles = [...outside.ignoreFiles];
  const waiting: { readonly path: string; readonly rules: IgnoreRules }[] = [
    { path: "", rules: new IgnoreRules(ignoreFiles) },
  ];

  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    signal.throwIfAborted();
    const { path } = folder;
    places.push(path);
    let entries: Dirent<Buffer>[];
    try {
      // As bytes: a name that is not UTF-8 could not be opened by the string that stands for it.
      entries = await readdir(resolve(root, path), { withFileTypes: true, encoding: "buffer" });
    } catch (error) {
      if (path === "" || isPassing(error)) throw error;
      skipped.push({ path, reason: reasonOf(error, "folder") });
      continue;
    }
    const here = path === "" ? "" : `${path}/`;
    let { rules } = folder;
    for (const name of ignoreFileNames) {
      if (!entries.some((entry) => entry.isFile() && entry.name.toString() === name)) continue;
      const text = await rulesIn(root, here + name, skipped);
      if (text === undefined) continue;
      const file = { base: toRoot + here, text };
      rules = rules.with(file);
      ignoreFiles.push(file);
    }
    for (const entry of entries) {
      const name = nameOf(entry.name);
      if (name === undefined) {
        skipped.push({ path: here + printable(entry.name), reason: "its name is not valid UTF-8" });
        continue;
      }
      const child = here + name;
      if (entry.isDirectory()) {
        if (neverEntered.has(name) || resolve(root, child) === out) continue;
        if (!rules.ignores(`${toRoot}${child}/`)) waiting.push({ path: child, rules });
      } else if (name === ".git" || rules.ignores(toRoot + child)) {
        // Left out, as asked. That file is git's own, in a worktree and in a submodule.
      } else if (entry.isFile()) {
        files.push(child);
      } else {
        const reason = entry.isSymbolicLink()
          ? await reasonOfLink(resolve(root, child))
          : "not a regular file";
        places.push(child);
        skipped.push({ path: child, reason });
      }
    }
  }
  return {
    files: files.sort(),
    places: places.sort(),
    repository: outside.repository,
    ignoreFiles: ignoreFiles.sort((a, b) => a.base.length - b.base.length),
    prefix: toRoot,
    skipped: skipped.sort(comparePaths),
  };
}

/** The nearest folder at or above `from` that holds a `.git`. */
export async function repositoryAbove(from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    if (await stat(resolve(folder, ".git")).catch(() => undefined)) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

type Surroundings = Pick<Discovery, "ignoreFiles" | "prefix" | "repository">;

/**
 * The rules that folders above `root`, up to its repository, lay on it. Someone who names an ignored folder wants it
 * audited: then the rules above do not count.
 */
async function rulesAbove(root: string, skipped: Skip[]): Promise<Surroundings> {
  const repository = await repositoryAbove(root);
  const alone = { ignoreFiles: [], prefix: "", repository: repository !== undefined };
  if (repository === undefined) return alone;
  const ignoreFiles: IgnoreFile[] = [];
  const read = async (base: string, name: string): Promise<void> => {
    const path = relative(root, resolve(repository, base, name));
    const text = await rulesIn(root, path, skipped);
    if (text !== undefined) ignoreFiles.push({ base, text });
  };
  await read("", resolve(await sharedByWorktrees(repository), "info/exclude"));
  let base = "";
  for (const segment of relative(repository, root).split(sep).filter(Boolean)) {
    for (const name of ignoreFileNames) await read(base, name);
    base += `${segment}/`;
    if (new IgnoreRules(ignoreFiles).ignores(base)) return alone;
  }
  return { ...alone, ignoreFiles, prefix: base };
}

/** Where git keeps what all worktrees of a repository share. In a worktree, and in a submodule, `.git` says where. */
async function sharedByWorktrees(repository: string): Promise<string> {
  const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
  const git = resolve(repository, ".git");
  const [, elsewhere] = /^gitdir: (.+)/.exec(await textOf(git)) ?? [];
  if (elsewhere === undefined) return git;
  const own = resolve(repository, elsewhere);
  return resolve(own, (await textOf(resolve(own, "commondir"))).trim());
}

/** The text of an ignore file. `undefined` where there is none, and where it cannot be read, which is told. */
async function rulesIn(root: string, path: string, skipped: Skip[]): Promise<string | undefined> {
  try {
    return await readFile(resolve(root, path), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    if (isPassing(error)) throw error;
    skipped.push({ path, reason: `its rules do not apply: ${reasonOf(error, "file")}` });
    return undefined;
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function nameOf(bytes: Buffer): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function printable(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
  ).join("");
}

async function reasonOfLink(path: string): Promise<string> {
  try {
    await stat(path);
    return "a symbolic link, not followed";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") return "a symbolic link that leads back to itself";
    if (code === "ENOENT" || code === "ENOTDIR") return "a symbolic link to nothing";
    return `a symbolic link, not followed (${code})`;
  }
}

/** Why a file or folder was skipped, from the error of the system call. */
export function reasonOf(error: unknown, what: "file" | "folder"): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return `the ${what} vanished during the audit`;
  if (code === "EACCES" || code === "EPERM") return `no permission to read the ${what}`;
  if (code === "ELOOP") return "a symbolic link, not followed";
  return message;
}
