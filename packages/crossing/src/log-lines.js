/**
 * The lines of a task's log on their way home: of bounded size, the last of those that have not been sent, and how many were
 * left out before them. The bounds of a line are the core's.
 */
import { describe } from "./describe.js";

const MAX_LINES = 100;
const MAX_MESSAGE = 2_000;
const MAX_ATTRIBUTES = 32;
const MAX_NAME = 100;
const MAX_TEXT = 500;

/** @import { Attribute, RemoteLogLine } from "./index.js" */

/** @implements {InstanceType<typeof import("./index.js").LogLines>} */
export class LogLines {
  #maxChars;
  /** @type {{ readonly at: number; readonly message: string; readonly attributes: Record<string, Attribute> | undefined }[]} */
  #lines = [];
  #leftOut = 0;

  constructor(maxChars = Number.POSITIVE_INFINITY) {
    this.#maxChars = maxChars;
  }

  /**
   * @param {unknown} message
   * @param {unknown} [attributes]
   */
  add(message, attributes) {
    const text = typeof message === "string" ? message : describe(message);
    this.#lines.push({
      at: performance.now(),
      message: cut(text, MAX_MESSAGE),
      attributes: recordOf(attributes),
    });
    if (this.#lines.length > MAX_LINES) this.#leaveOut(1);
  }

  /**
   * @param {readonly RemoteLogLine[]} lines
   * @param {number} leftOut
   */
  take(lines, leftOut) {
    const now = performance.now();
    for (const { message, attributes, agoMs } of lines)
      this.#lines.push({ at: now - agoMs, message, attributes: attributes && { ...attributes } });
    this.#leftOut += leftOut;
    this.#leaveOut(this.#lines.length - MAX_LINES);
  }

  /** @returns {{ readonly lines: RemoteLogLine[]; readonly leftOut: number } | undefined} */
  send() {
    let chars = 0;
    let kept = 0;
    while (kept < this.#lines.length) {
      chars += JSON.stringify(this.#lines.at(-1 - kept)).length;
      if (chars > this.#maxChars) break;
      kept++;
    }
    this.#leaveOut(this.#lines.length - kept);
    const leftOut = this.#leftOut;
    if (kept === 0 && leftOut === 0) return undefined;
    const now = performance.now();
    const lines = this.#lines.map(({ at, message, attributes }) => ({
      message,
      ...(attributes && { attributes }),
      agoMs: Math.round((now - at) * 1000) / 1000,
    }));
    this.#lines = [];
    this.#leftOut = 0;
    return { lines, leftOut };
  }

  /** @param {number} lines */
  #leaveOut(lines) {
    if (lines <= 0) return;
    this.#lines.splice(0, lines);
    this.#leftOut += lines;
  }
}

/**
 * @param {unknown} attributes
 * @returns {Record<string, Attribute> | undefined}
 */
function recordOf(attributes) {
  /** @type {[string, Attribute][]} */
  const kept = [];
  try {
    if (typeof attributes !== "object" || attributes === null) return undefined;
    for (const [name, value] of Object.entries(attributes).slice(0, MAX_ATTRIBUTES))
      kept.push([cut(name, MAX_NAME), attributeOf(value)]);
  } catch {
    // A getter of the user's.
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/**
 * @param {unknown} value
 * @returns {Attribute}
 */
function attributeOf(value) {
  if (typeof value === "string") return cut(value, MAX_TEXT);
  if (typeof value === "boolean") return value;
  return typeof value === "number" && Number.isFinite(value) ? value : describe(value);
}

/**
 * @param {string} text
 * @param {number} length
 */
function cut(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
