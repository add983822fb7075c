/** What the pages say of the command is what it does: each line that they show is run, and the tables are those of the program. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/command/commands.ts";
import { PROGRAM } from "../../src/command/desk.ts";
import { EXIT_CODES } from "../../src/command/exit-code.ts";
import { astrumReport } from "./in-process.ts";
import { documentedFiles, filesOf, siteRun } from "./site-runs.ts";

const read = (path: string): string =>
  readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
const page = read("docs/command.md");
const docs = readdirSync(new URL("../../../../docs", import.meta.url))
  .filter((file) => file.endsWith(".md"))
  .map((file) => `docs/${file}`);

/** Of every page, what is typed in a block or between back quotes. */
const lines = [...docs, "README.md", "packages/reporters/README.md"].flatMap((path) => {
  const blocks = Array.from(
    read(path).matchAll(/```sh\n([\s\S]*?)```/g),
    ([, block = ""]) => block,
  );
  const inline = Array.from(
    read(path).matchAll(/`(npx @astrum\/reporters [^`]+)`/g),
    ([, line]) => line,
  );
  return [...blocks.flatMap((block) => block.trim().split("\n")), ...inline]
    .map((line = "") => line.replace(/ +#.*$/, "").replace("npx @astrum/reporters", PROGRAM))
    .filter((line) => /^(\w+ \S+ \| )?astrum-report /.test(line));
});

/** A line of a shell: what is piped into the program goes in, what it is piped into is run with it. */
async function typed(line: string, folder: string): Promise<{ code: number; stdout: string }> {
  const parts = line.split(" | ").map((part) => part.trim().split(" "));
  const at = parts.findIndex(([name]) => name === "astrum-report");
  const [, ...args] = parts[at] as [string, ...string[]];
  const inFolder = args.map((arg) => (/\.\w+(#|$)/.test(arg) ? join(folder, arg) : arg));
  const before = at > 0 ? readFileSync(join(folder, parts[0]?.[1] ?? ""), "utf8") : "";
  const { code, stdout } = await astrumReport(inFolder, { stdin: before });
  const [reader, wanted = ""] = parts[at + 1] ?? [];
  if (reader === undefined) return { code, stdout };
  // jq is for the consumer tests; what it would find is there.
  expect(reader).toBe("jq");
  const found = (JSON.parse(stdout) as Record<string, unknown>)[wanted.slice(1)];
  return { code, stdout: `${JSON.stringify(found)}\n` };
}

describe("The pages", () => {
  it("show each command", () => {
    expect(lines.length).toBeGreaterThan(20);
    for (const { name } of commands)
      expect(lines.some((line) => line.includes(`astrum-report ${name} `))).toBe(true);
  });

  it.each(lines)("%s", async (line) => {
    const folder = await documentedFiles();
    const worse = line.includes("compare yesterday");
    const { code, stdout } = await typed(line, folder);
    expect([line, code]).toEqual([line, worse ? 1 : 0]);
    const out = /--out (\S+)/.exec(line)?.[1];
    if (out === undefined) expect(stdout.length).toBeGreaterThan(5);
    else expect(readFileSync(join(folder, out), "utf8").length).toBeGreaterThan(100);
  });

  it("have in docs/command.md every command with all of its options", () => {
    const rows = Array.from(
      page.matchAll(/^\| `([\w-]+) ([^`]+)` \|[^|]+\|([^|]+)\|$/gm),
      (row) => row,
    );
    const shown = rows.map(([, name, takes, options]) => [
      name,
      takes,
      options?.match(/--[\w-]+/g),
    ]);
    const real = commands.map(({ name, takes, options }) => [
      name,
      takes,
      Object.keys(options).map((option) => `--${option}`),
    ]);
    const sorted = (list: readonly unknown[]) =>
      list.map((row) =>
        (row as unknown[]).map((cell) => (Array.isArray(cell) ? cell.sort() : cell)),
      );
    expect(sorted(shown)).toEqual(sorted(real));
  });

  it("have there the exit codes of the program", () => {
    const rows = Array.from(page.matchAll(/^\| (\d+) \| ([^|]+) \|$/gm), ([, code, means]) => [
      Number(code),
      means,
    ]);
    expect(rows).toEqual(EXIT_CODES.map((row) => [...row]));
  });

  it("show a strip as it is", async () => {
    const folder = filesOf({
      "all.ndjson": [
        await siteRun("r1", { day: 1 }),
        await siteRun("r2", { day: 2, failures: 1 }),
        await siteRun("r3", { day: 3, failures: 2 }),
        await siteRun("r4", { day: 4, files: { a: 100, b: 600, c: 300 } }),
      ],
    });
    const [, shown = ""] = /```text\n([\s\S]*?)```/.exec(page) ?? [];
    const { stdout } = await astrumReport(`strip ${folder}/all.ndjson`);
    expect(stdout.startsWith(shown)).toBe(true);
  });
});
