/**
 * An error as people read it: in one line, and in full with its stack, its members and its causes. Room is made from the
 * frames of libraries first, then from those of the application, then from the ends of messages; the root cause is always
 * there. Shows no frame of Astrum. Knows no format, and makes nothing safe to show.
 */
import { readableStack, type SerializedError, summarizeError } from "@astrum/core";
import { cut } from "./visible.ts";

/** `TypeError: fetch failed: connect ECONNREFUSED 127.0.0.1:9`, in at most so many characters. */
export function errorTitle(error: SerializedError, length: number = 1000): string {
  const name = cut(error.name, 100);
  const told = summarizeError(error, length - name.length - 2);
  // What says nothing is told by its name already.
  const named = error.message.trim() === "" && told.startsWith(name);
  return name === "" || named ? told : `${name}: ${told}`;
}

const LINES = 200;
const LINE = 2000;
const MEMBERS = 10;
const FEW_MEMBERS = 3;
const MESSAGE_LINES = 20;
const FEW_MESSAGE_LINES = 3;

/**
 * In at most so many lines, unless the messages alone need more: each error of the tree with its message, each cause
 * introduced by "Caused by", members numbered. What was left out is said.
 */
export function errorText(error: SerializedError, lines: number = LINES): string {
  let parts = partsOf(error, { members: MEMBERS, message: MESSAGE_LINES });
  if (heads(parts) > lines) {
    parts = partsOf(error, { members: FEW_MEMBERS, message: FEW_MESSAGE_LINES });
  }
  return withFrames(parts, lines - heads(parts))
    .map((line) => cut(line, LINE))
    .join("\n");
}

/** One error of the tree. */
interface Part {
  readonly indent: string;
  readonly head: readonly string[];
  readonly frames: readonly string[];
}

interface Room {
  readonly members: number;
  /** Lines of each message. */
  readonly message: number;
}

function heads(parts: readonly Part[]): number {
  return parts.reduce((sum, { head }) => sum + head.length, 0);
}

function partsOf(error: SerializedError, room: Room, indent = "", label = ""): Part[] {
  const { head, frames } = readableStack(error);
  const lines = headOf(error, head).split("\n");
  const more = lines.length - room.message;
  const kept = more > 0 ? [...lines.slice(0, room.message), `… ${more} more lines`] : lines;
  const parts: Part[] = [
    {
      indent,
      head: kept.map((line, at) => `${indent}${at === 0 ? label : ""}${line}`),
      frames,
    },
  ];
  const members = error.errors ?? [];
  members.slice(0, room.members).forEach((member, at) => {
    parts.push(...partsOf(member, room, `${indent}  `, `[${at + 1}] `));
  });
  const left = members.length - room.members;
  if (left > 0) {
    const least = error.truncated === true ? "at least " : "";
    parts.push({ indent, head: [`${indent}  … and ${least}${left} more errors`], frames: [] });
  }
  return error.cause === undefined
    ? parts
    : [...parts, ...partsOf(error.cause, room, indent, "Caused by: ")];
}

/** What stands above the frames. An error without a message is told by its members. */
function headOf(error: SerializedError, head: string): string {
  if (error.message.trim() !== "") {
    return head.includes(error.message) ? head : `${error.name}: ${error.message}`;
  }
  const { cause: _, ...own } = error;
  const told = summarizeError(own, 300);
  const name = head.trim().replace(/:$/, "") || error.name;
  return told.startsWith(error.name) ? name : `${name}: ${told}`;
}

/** The parts, with as many frames as there is room for. */
function withFrames(parts: readonly Part[], room: number): string[] {
  const all = parts.flatMap(({ frames }, part) =>
    frames.map((frame, depth) => ({ part, depth, outside: isOutside(frame) })),
  );
  if (all.length <= room) return parts.flatMap((part) => partLines(part, part.frames));
  // Every part that loses frames says so, in a line of its own.
  const most = room - parts.filter(({ frames }) => frames.length > 0).length;
  if (most <= 0) {
    return [...parts.flatMap(({ head }) => head), `… ${all.length} frames are left out`];
  }
  const kept = new Set(
    all
      .sort((a, b) => Number(a.outside) - Number(b.outside) || a.depth - b.depth)
      .slice(0, most)
      .map(({ part, depth }) => `${part} ${depth}`),
  );
  return parts.flatMap((one, part) =>
    partLines(
      one,
      one.frames.filter((_, depth) => kept.has(`${part} ${depth}`)),
    ),
  );
}

function partLines({ indent, head, frames }: Part, kept: readonly string[]): string[] {
  const left = frames.length - kept.length;
  // The note takes as much room as a single frame.
  const shown = left <= 1 ? frames : [...kept, `    … ${left} more frames`];
  return [...head, ...shown.map((line) => `${indent}${line}`)];
}

/** Not in the application: in a package, in the runtime, or in no file. */
function isOutside(frame: string): boolean {
  return /[\\/]node_modules[\\/]|\bnode:|<anonymous>|\[native code\]|\(index \d+\)$/.test(frame);
}
