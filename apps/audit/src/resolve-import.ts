/**
 * Which file of the repository a relative import means. Works on the list of files alone, without `tsconfig.json`: path
 * aliases, `rootDirs` and package imports resolve to nothing here, and so give no edge rather than a wrong one.
 */
import { posix } from "node:path";

/** What TypeScript reads when a specifier names the file it will have become. */
const sourcesOf: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx", ".jsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};
const extensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"] as const;

/** `undefined` for packages, for files that are not in `files`, and where a bundler loads no code: `./icon.js?raw`. */
export function resolveImport(
  from: string,
  specifier: string,
  files: ReadonlySet<string>,
): string | undefined {
  if (!/^\.\.?(\/|$)/.test(specifier)) return undefined;
  const written = fileOf(from, specifier, files);
  if (written !== undefined || !/[?#]/.test(specifier) || loadsNothing.test(specifier)) {
    return written;
  }
  return fileOf(from, specifier.replace(/[?#].*$/, ""), files);
}

/** What bundlers hand over as text, as an address or as a thread of its own: no code of it runs for the importer. */
const loadsNothing = /[?&](raw|url|inline|no-inline|worker|sharedworker|worklet)\b/;

function fileOf(from: string, specifier: string, files: ReadonlySet<string>): string | undefined {
  const path = posix.join(posix.dirname(from), specifier);
  const bare = path.replace(/\/$/, "");
  const written = posix.extname(path);
  const stem = path.slice(0, path.length - written.length);
  const candidates = [
    ...(path === bare ? [path] : []),
    ...(sourcesOf[written] ?? []).map((extension) => stem + extension),
    ...(path === bare ? extensions.map((extension) => path + extension) : []),
    ...extensions.map((extension) => posix.join(bare, `index${extension}`)),
  ];
  return candidates.find((candidate) => files.has(candidate));
}
