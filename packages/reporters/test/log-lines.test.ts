/** The lines of logs of any size, however they lie in the file. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readEventLog, renderNdjson } from "../src/index.ts";
import { fileLines } from "../src/reading/log-lines.ts";
import { fixture, fixtureText } from "./fixtures.ts";

const folder = fs.mkdtempSync(join(tmpdir(), "astrum-lines-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(content = ""): string {
  const path = join(folder, `${files++}.ndjson`);
  fs.writeFileSync(path, content);
  return path;
}

const text = renderNdjson(fixture("one"), { outputs: true, redact: false });
const report: unknown = JSON.parse(fixtureText("one"));

describe("The lines of a file", () => {
  it("are what lies between its line breaks, however it is read in pieces", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\r", " ") })),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        (lines, closed, piece) => {
          const whole = lines.join("\n") + (closed ? "\n" : "");
          const path = newFile(whole);
          const expected = whole.split("\n");
          if (expected.at(-1) === "") expected.pop();
          const { size } = fs.statSync(path);
          expect([...fileLines(fs, path, size, piece)]).toEqual(expected);
        },
      ),
      { numRuns: 200, seed: 20_260_101 },
    );
  });

  it("are those that were there at first, though it grows or is cut meanwhile", () => {
    const path = newFile("one\ntwo\n");
    const lines = fileLines(fs, path, 8, 3);
    fs.appendFileSync(path, "three\n");
    expect([...lines]).toEqual(["one", "two"]);
    fs.truncateSync(path, 5);
    expect([...lines]).toEqual(["one", "t"]);
  });

  it("can be left before the end, and the file is closed", () => {
    const path = newFile("one\ntwo\n");
    for (let time = 0; time < 3000; time++) {
      for (const line of fileLines(fs, path, 8, 3)) {
        expect(line).toBe("one");
        break;
      }
    }
  });
});

describe("A log", () => {
  it.each([
    ["with a byte order mark", `\ufeff${text}`],
    ["of two files with byte order marks, joined", `\ufeff\n\ufeff${text}`],
    ["with the line breaks of Windows", text.replaceAll("\n", "\r\n")],
    ["with empty lines", text.replaceAll("\n", "\n\n")],
    ["without a last line break", text.trimEnd()],
    ["after the zeros that a power failure leaves", `\0\0\0\0\n${text}`],
    ["after a line that was cut off", `${text.slice(0, 30)}\n${text}`],
  ])("%s is read as it was, as a text and as a file", (_, log) => {
    expect(readEventLog(log)).toEqual(report);
    expect(readEventLog(newFile(log))).toEqual(report);
  });

  it("larger than a string can be is read, and holds what it holds", () => {
    const [first = "", ...rest] = text.trimEnd().split("\n");
    const path = newFile(`${first}\n`);
    const HOLE = 32 * 2 ** 20;
    // Holes take no room on the disk, and are read as zeros.
    for (let hole = 0; hole < 17; hole++) {
      fs.truncateSync(path, fs.statSync(path).size + HOLE);
      fs.appendFileSync(path, "\n");
    }
    fs.appendFileSync(path, `${rest.join("\n")}\n`);
    expect(fs.statSync(path).size).toBeGreaterThan(2 ** 29);
    expect(readEventLog(path)).toEqual(report);
    fs.rmSync(path);
  });

  it("of lines that other programs have written, without checksums and with their properties in any order, is read", () => {
    const turned = text
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { crc: _, ...told } = JSON.parse(line);
        return JSON.stringify(Object.fromEntries(Object.entries(told).reverse()));
      });
    expect(readEventLog(`${turned.join("\n")}\n`)).toEqual(report);
  });
});

describe("A log with nothing in it yet", () => {
  const empty = {
    executionState: "interrupted",
    totalTasks: 0,
    run: { id: "" },
    errorSummary: ["The event log does not hold a run yet."],
  };
  it.each([
    ["no byte", ""],
    ["a byte order mark", "\ufeff"],
    ["line breaks", "\n\n"],
    ["the first byte of a line", "{"],
    ["the beginning of a line", '{"v":1,"seq":0,"run":"a","at":5,"type":"run.st'],
    ["a line that was cut off and closed", '{"v":1,"seq":0,"ru\n'],
    ["two lines that were cut off", '{"v":1,"seq":0,"ru\n{"v":1,"se'],
    ["zeros", "\0\0\0\0"],
  ])("but %s is no error, and gives a report of nothing", (_, log) => {
    expect(readEventLog(newFile(log))).toMatchObject(empty);
    if (log === "" || /^\ufeff?\{|\n/.test(log)) expect(readEventLog(log)).toMatchObject(empty);
  });

  it("is none that a run is read from by its id", () => {
    expect(() => readEventLog("", { runId: "a" })).toThrow('holds no run "a", only nothing.');
  });

  it("is something else than a file that is not there, which is told with the way to make one", () => {
    const missing = join(folder, "missing.ndjson");
    const told = (path: unknown) => ({
      code: "ENOENT",
      message: `There is no event log at ${JSON.stringify(String(path))}: eventLog() makes the file, so open it first.`,
    });
    for (const path of [
      missing,
      join(folder, "no such folder", "run.ndjson"),
      pathToFileURL(missing),
    ]) {
      expect(() => readEventLog(path)).toThrow(expect.objectContaining(told(path)));
    }
    expect(() => readEventLog("a".repeat(240))).toThrow(/^There is no event log at "a{199}…": /);
    expect(() => readEventLog(folder)).toThrow(
      expect.objectContaining({
        code: "EISDIR",
        message: `${JSON.stringify(folder)} is a folder: readEventLog() takes the path of a file.`,
      }),
    );
  });

  it("is something else than a file that is no log", () => {
    for (const other of ["hello", "{}", '{"version":1}\n', "\x89PNG\r\n"]) {
      expect(() => readEventLog(newFile(other))).toThrow(/not an event log/);
    }
  });
});
