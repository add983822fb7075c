import { tmpdir } from "node:os";
import { describe, expect, test, vi } from "vitest";
import { changedSince, found } from "../nothing-left-behind.js";

describe("What a test file leaves to the next is told by its name:", () => {
  const nothing = () => {};
  const home = process.cwd();
  test.each([
    ["setTimeout", () => vi.stubGlobal("setTimeout", nothing), () => vi.unstubAllGlobals()],
    ["a name", () => vi.stubGlobal("a name", 1), () => vi.unstubAllGlobals()],
    ["on warning", () => process.on("warning", nothing), () => process.off("warning", nothing)],
    [
      "process.emitWarning",
      () => vi.spyOn(process, "emitWarning").mockImplementation(nothing),
      () => vi.restoreAllMocks(),
    ],
    ["working directory", () => process.chdir(tmpdir()), () => process.chdir(home)],
    ["environment", () => vi.stubEnv("A_NAME", "1"), () => vi.unstubAllEnvs()],
  ] as const)("%s", (name, leave, takeAway) => {
    const before = found();
    leave();
    expect(changedSince(before)).toEqual([name]);
    takeAway();
    expect(changedSince(before)).toEqual([]);
  });

  test("fake timers, with all they replace", () => {
    const before = found();
    vi.useFakeTimers();
    expect(changedSince(before)).toEqual(expect.arrayContaining(["fake timers", "Date"]));
    vi.useRealTimers();
    expect(changedSince(before)).toEqual([]);
  });

  test("not what Node and the libraries load when they are first asked", () => {
    const before = found();
    expect(globalThis.ReadableStream).toBeDefined();
    expect(globalThis.AbortSignal).toBeDefined();
    expect(changedSince(before)).toEqual([]);
  });
});
