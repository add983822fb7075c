/** The page that people read, and the constants that the machine reads, are the same tables. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  ASKING,
  ATTEMPT,
  BETWEEN,
  DELAYED,
  ENDING,
  effectOf,
  INSIDE,
  isFinal,
  QUEUED,
  RUNNING,
  SCOPE,
  SHOWN,
  STATUSES,
  TASK,
  WAITING,
} from "../../src/machine/states.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/machine.md"), "utf8");

type Table = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;

/** The table with this name in its corner: by row, by column. A dash is nothing; what a state leaves by is prose. */
function onThePage(name: string): Table {
  const lines = page.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| \`${name}\` |`));
  const cells = (line: string): string[] =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const columns = cells(lines[from] as string).slice(1);
  const table: Record<string, Record<string, string | undefined>> = {};
  for (let at = from + 2; lines[at]?.startsWith("|"); at++) {
    const [row = "", ...texts] = cells(lines[at] as string);
    const told = texts.map((text, column) => [columns[column] as string, text] as const);
    table[row] = Object.fromEntries(
      told
        .filter(([column]) => column !== "leaves by")
        .map(([column, text]) => [column, text === "–" ? undefined : text]),
    );
  }
  return table;
}

describe("docs/machine.md has, word for word and in its order,", () => {
  it.each(Object.entries({ TASK, ATTEMPT, SCOPE }))("the table %s", (name, constant) => {
    const table = onThePage(name);
    expect(table).toEqual(constant);
    expect(Object.keys(table)).toEqual(Object.keys(constant));
  });
});

describe("A room of the machine", () => {
  const folder = join(import.meta.dirname, "../../src/machine");
  const listed = page
    .split("| room | its one job |")[1]
    ?.split("\n\n")[0]
    ?.split("\n")
    .flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`([\w-]+)`/g)].map(([, name]) => name),
    );

  it("has its place on that page", () => {
    const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ""));
    expect([...(listed ?? [])].sort()).toEqual(files.sort());
  });

  it("imports only those before it there", () => {
    const late = (listed ?? []).flatMap((room, at) => {
      const text = readFileSync(join(folder, `${room}.ts`), "utf8");
      const imports = [...text.matchAll(/from "\.\/([\w-]+)\.ts"/g)].map(([, name]) => name);
      return imports
        .filter((other) => !listed?.slice(0, at).includes(other))
        .map((other) => `${room} imports ${other}`);
    });
    expect(late).toEqual([]);
  });
});

describe("A state", () => {
  const live = {
    waiting: WAITING,
    asking: ASKING,
    queued: QUEUED,
    running: RUNNING,
    delayed: DELAYED,
    inside: INSIDE,
    ending: ENDING,
    between: BETWEEN,
  } satisfies Record<keyof typeof TASK, number>;

  it.each(Object.entries(live))("%s is shown and stopped as its row says", (name, state) => {
    const row = TASK[name as keyof typeof TASK];
    expect(STATUSES[state]).toBe(row.shown);
    expect(STATUSES[SHOWN[state] as number]).toBe(row.shown);
    for (const told of ["stopped", "drained", "calledOff"] as const) {
      expect(effectOf(state, told)).toBe(row[told]);
    }
    expect(isFinal(state)).toBe(false);
  });

  it("that is final is shown as itself, and nothing becomes of it any more", () => {
    const final = STATUSES.map((_, state) => state).filter(isFinal);
    expect(final.map((state) => STATUSES[state])).toEqual([
      "completed",
      "failed",
      "cancelled",
      "skipped",
      "restored",
      "detached",
      "abandoned",
    ]);
    for (const state of final) {
      expect(SHOWN[state]).toBe(state);
      expect(effectOf(state, "stopped")).toBeUndefined();
    }
  });
});
