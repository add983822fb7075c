/**
 * The test files of a package share one process and what it has loaded: loading everything anew for each of them is half
 * of what they take. So a file must leave the process as it found it. This looks before and after each, and fails the
 * file that did not, rather than one that comes later.
 */
import { afterAll, expect, vi } from "vitest";

const events = ["SIGINT", "SIGTERM", "uncaughtException", "unhandledRejection", "warning"];

/** What Node loads when it is first asked for; to ask would load it. */
const later = Symbol("loaded later");

/** Where a library keeps what all its copies share. Those of the test runner begin with `__`. */
const ofLibraries = ["$ark"];

/** By name: what a test may have put in place of something, or added to. */
export function found() {
  const globals = Object.entries(Object.getOwnPropertyDescriptors(globalThis))
    .filter(([name]) => !name.startsWith("__") && !ofLibraries.includes(name))
    .map(([name, { get, value }]) => /** @type {const} */ ([name, get ? later : value]));
  return new Map([
    ...globals,
    ...events.map((event) => /** @type {const} */ ([`on ${event}`, process.listenerCount(event)])),
    ["process.emitWarning", process.emitWarning],
    ["process.stdout.write", process.stdout.write],
    ["process.stderr.write", process.stderr.write],
    ["working directory", process.cwd()],
    ["environment", JSON.stringify(process.env)],
    ["fake timers", vi.isFakeTimers()],
  ]);
}

/**
 * The names of what is no longer as it was.
 *
 * @param {ReadonlyMap<string, unknown>} before
 */
export function changedSince(before) {
  const after = found();
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter(
    (name) => before.get(name) !== later && !Object.is(before.get(name), after.get(name)),
  );
}

// Here and not in a hook: a test file is imported after this.
const before = found();

afterAll(() => {
  expect(changedSince(before), "left behind by this test file").toEqual([]);
});
