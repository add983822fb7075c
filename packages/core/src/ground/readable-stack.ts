/**
 * The stack of an error as a person wants it: the frames of Astrum are left out, those of everyone else stay as they are.
 * Reads errors and their serialised form, changes neither, and knows nothing of what stands in a report.
 *
 * A frame is ours when its file lies in an installed package of the scope, on whatever machine that was, or in the
 * checkout that this file is of. Code that a bundler put into a file of the application cannot be told from it, and stays.
 */
import { fieldOf } from "./field.ts";

/** More of a stack is not read. */
const MAX_STACK = 100_000;

const PACKAGES = "(?:core|bullmq|otel|prometheus|reporters|worker-threads)";

/** `…/node_modules/@astrum/core/dist/…`, and from a content network `…/@astrum/core@1.0.0/…`. */
const INSTALLED = new RegExp(`/@astrum/${PACKAGES}(?:/(?:dist|src)/|@[^/\\s]+/)`);

/** This file, where neither an installation nor a bundler has put it elsewhere: its source, or its chunk of the build. */
const THIS_FILE = /core\/(?:src\/ground\/readable-stack\.ts|dist\/astrum-core-\w+\.c?js)/;

/** `node:internal/timers:581:17`, `node:async_hooks:227:14`. */
const FROM_NODE = /[\s(]node:[\w/]+:\d/;

/** No path is longer; the code of a `data:` URL is. */
const MAX_FRAME = 4096;

export interface ReadableStack {
  /** What stands above the first frame: the class, the message, with some errors a piece of source. */
  readonly head: string;
  /** One frame each, the innermost first. */
  readonly frames: readonly string[];
}

/**
 * The stack of an error, live or serialised, without the frames of Astrum's own code. Empty when it has none. Never throws.
 *
 * @example
 * ```ts
 * import { flow, readableStack, task } from "@astrum/core";
 *
 * const fail = () => {
 *   throw new Error("gone");
 * };
 * const outcome = (await flow("f", { a: task("a", () => fail()) }).run()).outcome("a");
 * const { head, frames } = readableStack(outcome.status === "failed" ? outcome.error : undefined);
 * console.log(head, frames[0]?.slice(4, 11)); // Error: gone at fail
 * ```
 */
export function readableStack(error: unknown): ReadableStack {
  const stack = fieldOf(error, "stack");
  if (typeof stack !== "string") return { head: "", frames: [] };
  const lines = stack.slice(0, MAX_STACK).split("\n");
  const first = firstFrame(stack, lines, fieldOf(error, "message"));
  return { head: lines.slice(0, first).join("\n"), frames: readable(lines.slice(first)) };
}

/** A line of the message may look like a frame: frames begin below it. */
function firstFrame(stack: string, lines: readonly string[], message: unknown): number {
  if (isFrame(lines[0] as string)) return 0;
  let at = 0;
  if (typeof message === "string" && message !== "") {
    const place = stack.indexOf(message);
    if (place !== -1) at = stack.slice(0, place + message.length).split("\n").length;
  }
  while (at < lines.length && !isFrame(lines[at] as string)) at++;
  return at;
}

/** V8 and its kin write `at …`, the other engines `function@place`. */
function isFrame(line: string): boolean {
  return /^\s+at \S/.test(line) || /^[^\s@]*@(?:\S*:\d+|\[native code\]$)/.test(line);
}

/** Without our frames, and without the runtime's below them: those say only that a timer or a promise called us. */
function readable(frames: readonly string[]): string[] {
  let belowOurs = false;
  return frames.filter((frame) => {
    if (frame.trim() === "") return false;
    belowOurs = isOurs(frame) || (belowOurs && FROM_NODE.test(frame));
    return !belowOurs;
  });
}

function isOurs(frame: string): boolean {
  if (frame.length > MAX_FRAME) return false;
  const path = plain(frame);
  if (INSTALLED.test(path)) return true;
  checkout ??= findCheckout();
  return checkout.test(path);
}

/** With slashes in one direction and the escapes of URLs undone. */
function plain(frame: string): string {
  const path = frame.replaceAll("\\", "/");
  try {
    return path.includes("%") ? decodeURI(path) : path;
  } catch {
    return path; // A percent sign of its own.
  }
}

let checkout: RegExp | undefined;

/** Matches the frames of the packages beside this file. The stack is asked, because `import.meta` is no CommonJS. */
function findCheckout(): RegExp {
  for (const line of String(new Error("here").stack).split("\n")) {
    const frame = line.length > MAX_FRAME ? "" : plain(line);
    const at = frame.search(THIS_FILE);
    if (at === -1) continue;
    const home = frame
      .slice(0, at)
      .replace(/^.*[(@]/, "")
      .replace(/^\s*at (?:async )?/, "")
      .replace(/^file:\/\/(?:\/(?=[A-Za-z]:))?/, "")
      .replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(`(?:^|[\\s(@]|file:///?)${home}${PACKAGES}/(?:dist|src)/`);
  }
  return /(?!)/;
}
