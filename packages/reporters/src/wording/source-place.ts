/**
 * Where in a checkout an error began: the first frame of its own code, as a path from the root with forward slashes, as
 * every system that marks lines wants it. A matter of texts alone: the report may come from another machine and another
 * operating system, so nothing here asks a disk, or which system this is.
 */
import { readableStack, type SerializedError } from "@astrum/core";

export interface SourcePlace {
  readonly file: string;
  readonly line: string;
  readonly column: string;
}

/** `root` is a path or a `file:` URL, of either kind of system. Files of installed packages are passed over. */
export function sourcePlace(error: SerializedError, root: string): SourcePlace | undefined {
  const windows =
    /^(?:file:\/\/\/?)?(?:[A-Za-z]:|\\\\|\/\/)/.test(root) || /^file:\/\/[^/]/.test(root);
  const base = `${plainPath(root, windows).replace(/\/+$/, "")}/`;
  // Windows tells no upper case from lower, and drives come as `C:` and as `c:`.
  const folded = (path: string): string => (windows ? path.toLowerCase() : path);
  for (const frame of framesOf(error)) {
    for (const { path, line, column } of placesIn(frame)) {
      const plain = plainPath(path, windows);
      if (plain.includes("/node_modules/")) continue;
      if (folded(plain.slice(0, base.length)) !== folded(base)) continue;
      return { file: plain.slice(base.length), line, column };
    }
  }
  return undefined;
}

/** Of the error, then of its members and causes: what a library threw began in one of them. */
function framesOf(error: SerializedError): string[] {
  const { cause, errors = [] } = error;
  const inner = cause === undefined ? errors : [...errors, cause];
  return [...readableStack(error).frames, ...inner.flatMap(framesOf)];
}

/** Brackets of a frame that are looked at, from the last one back: names and paths have few. */
const BRACKETS = 16;

/** A name may have a bracket in it and so may a path (`C:\Program Files (x86)`): each bracket may begin the place. */
function placesIn(frame: string): { path: string; line: string; column: string }[] {
  const [, text = ""] = /^\s*at (?:async )?(.*)$/.exec(frame) ?? [];
  // The place of a text is where the text was evaluated, not where its error began.
  if (/(?:^|\()eval at /.test(text)) return [];
  const inBrackets = text.endsWith(")") ? text.slice(0, -1).split(" (") : [];
  const brackets = inBrackets.slice(1).slice(-BRACKETS);
  const candidates =
    brackets.length > 0 ? brackets.map((_, at) => brackets.slice(at).join(" (")) : [text];
  return candidates.flatMap((candidate) => {
    const [, path, line, column] = /^(.+?):(\d+):(\d+)$/.exec(candidate) ?? [];
    return path === undefined || line === undefined || column === undefined
      ? []
      : [{ path, line, column }];
  });
}

/** With slashes in one direction, and no longer a URL. In the path of Windows there is no backslash that is not a slash. */
function plainPath(path: string, windows: boolean): string {
  if (path.startsWith("file://")) return fromUrl(path);
  if (!windows) return path;
  return path
    .replace(/\\/g, "/")
    .replace(/^\/\/\?\/UNC\//i, "//")
    .replace(/^\/\/\?\//, "");
}

/** `file:///C:/repo`, `file:///srv/app`, `file://server/share`; loaders add `?t=1` to load a file once more. */
function fromUrl(url: string): string {
  const [, host = "", encoded = ""] = /^file:\/\/([^/]*)([^?#]*)/.exec(url) ?? [];
  const path = decoded(encoded).replace(/^\/(?=[A-Za-z]:)/, "");
  return host === "" || host === "localhost" ? path : `//${host}${path}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // A percent sign of its own.
  }
}
