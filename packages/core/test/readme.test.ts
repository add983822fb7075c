import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { OPTION_KEYS } from "../src/define/task-options.ts";
import { type ExecutionReport, flow, task } from "../src/index.ts";
import type { WhatIf } from "../src/whatif.ts";

/** What the reader of an example brings along. */
const READERS_OWN = `
  const fetchUsers = async () => [{ name: "Ada" }, { name: "Grace" }];
  const measure = (user) => user.name.length;
  const urls = ["/", "/gone", "/about"];
  const fetchPage = async (url) => {
    if (url === "/gone") throw new Error("404");
    return url;
  };
  const closeBrowser = () => "closed";
  const fetchReviews = async () => { throw Object.assign(new Error("503"), { retryAfterMs: 1_000 }); };
  const openDatabase = () => ({ count: (_) => 7, close() {} });
  const questions = ["who", "what", "why"];
  const ask = (text) => ({ text, used: 40 });
`;

function examplesIn(readme: string): string[] {
  const text = readFileSync(new URL(readme, import.meta.url), "utf8");
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code as string);
}

/** Runs an example as a module of its own, and gives what it names at its top. */
async function run(code: string, ...names: string[]): Promise<Record<string, unknown>> {
  const source = (file: string): string =>
    fileURLToPath(new URL(`../src/${file}`, import.meta.url));
  const { outputFiles } = await build({
    stdin: {
      contents: `${READERS_OWN}\n${code}\nexport { ${names.join(", ")} };`,
      loader: "ts",
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    alias: {
      "@astrum/core/testing": source("testing.ts"),
      "@astrum/core/whatif": source("whatif.ts"),
      "@astrum/core": source("index.ts"),
    },
    bundle: true,
    write: false,
    format: "esm",
  });
  const module = Buffer.from(outputFiles[0]?.contents ?? "").toString("base64");
  return import(`data:text/javascript;base64,${module}`);
}

describe("the README", () => {
  const [first, second, ...others] = examplesIn("../../../README.md");

  test("has one example for each door", () => {
    expect(others).toEqual([]);
  });

  test("shows a flow that runs, and what it says of it", async () => {
    const { done } = (await run(first as string, "done")) as {
      done: { executionState: string; unwrap(): { report: string }; totalTasks: number };
    };
    expect(done.executionState).toBe("completed");
    expect(done.unwrap().report).toBe("Ada and 1 more");
    expect(done.totalTasks).toBe(5);
  });

  test("shows a scheduler that runs", async () => {
    const { report } = (await run(second as string, "report")) as {
      report: { executionState: string; taskReturnSet: ReadonlyMap<string, unknown> };
    };
    expect(report.executionState).toBe("completed");
    expect(report.taskReturnSet.get("load")).toBe("100 rows");
  });
});

describe("the README of the package", () => {
  const [first, crawl, second] = examplesIn("../README.md");

  test("shows a flow that runs, and what it prints", async () => {
    const { done } = (await run(first as string, "done")) as {
      done: { unwrap(): { card: string } };
    };
    const printed = /console\.log\(.*\/\/ (.*)$/m.exec(first as string)?.[1];
    expect(done.unwrap().card).toBe(printed);
  });

  test("shows items that fail alone, and what runs in any case", async () => {
    const { crawl: report } = (await run(crawl as string, "crawl")) as {
      crawl: ExecutionReport<{ found: number }>;
    };
    expect(crawl).toContain(`crawl.unwrap().found; // ${report.unwrap().found}\n`);
    expect(crawl).toContain(`crawl.toleratedFailures; // ${report.toleratedFailures}\n`);
    expect(crawl).toContain(`crawl.failures[0]?.task; // ${report.failures[0]?.task}\n`);
    expect(report.taskStatistics.find(({ taskName }) => taskName === "closed")).toMatchObject({
      role: "finally",
      status: "completed",
    });
  });

  test("shows a flow on a virtual clock that takes no time", async () => {
    const nightly = `
      import { flow, task } from "@astrum/core";
      const flaky = task("flaky", (_, { attempt }) => {
        if (attempt < 4) throw new Error("not yet");
      }, { retry: { attempts: 3, backoff: "fixed", baseMs: 3_600_000, maxMs: 3_600_000 } });
      const nightly = flow("nightly", { flaky });
    `;
    const { report } = (await run(`${nightly}\n${second}`, "report")) as {
      report: { executionState: string; totalDurationMs: number };
    };
    expect(report.executionState).toBe("completed");
    expect(report.totalDurationMs).toBe(3 * 3_600_000);
  });
});

describe("The page on what a task can be told", () => {
  const page = readFileSync(new URL("../../../docs/tasks.md", import.meta.url), "utf8");
  const examples = examplesIn("../../../docs/tasks.md");

  test.each(examples)("shows what comes of it: %#", async (code) => {
    const shown = Array.from(code.matchAll(/^(\w+)(\..*?); \/\/ (.*)$/gm));
    expect(shown.length).toBeGreaterThan(0);
    const [, name = ""] = shown[0] ?? [];
    const said = shown.map(([, of, path], at) => `const said${at} = ${of}${path};`).join("\n");
    const names = shown.map((_, at) => `said${at}`);
    const given = await run(`${code}\n${said}`, name, ...names);
    const told = names.map((one) => given[one]);
    const text = (value: unknown): string =>
      typeof value === "object" ? inspect({ ...value }) : String(value);
    expect(told.map(text)).toEqual(shown.map(([, , , comment]) => comment));
  });

  test("names every option of a task", () => {
    const named = new Set(Array.from(page.matchAll(/`(\w+)(?::|`)/g), ([, word]) => word));
    const written = new Set(["tags", "description", "version"]);
    for (const key of OPTION_KEYS) expect(named.has(key) || written.has(key), key).toBe(true);
  });

  test("names nothing of a context that is not there, nor do the guarantees", async () => {
    const keys = task("keys", (_, context) => Object.keys({ ...context }));
    const there = (await flow("keys", { keys }).run()).unwrap().keys;
    const guarantees = readFileSync(
      new URL("../../../docs/guarantees.md", import.meta.url),
      "utf8",
    );
    for (const text of [page, guarantees]) {
      const named = Array.from(text.matchAll(/\bcontext\.(?!test\b)(\w+)/g), ([, word]) => word);
      expect(named.length).toBeGreaterThan(5);
      for (const word of named) expect(there).toContain(word);
    }
  });
});

describe("The page on what if", () => {
  const [paper, change] = examplesIn("../../../docs/what-if.md");

  test("shows a plan on paper", async () => {
    const { three, two } = (await run(paper as string, "three", "two")) as Record<
      "three" | "two",
      { totalDurationMs: number }
    >;
    expect(paper).toContain(`three.totalDurationMs; // ${three.totalDurationMs}\n`);
    const { plan, durations } = (await run(paper as string, "plan", "durations")) as {
      plan: { explain(options: object): string };
      durations: Record<string, number>;
    };
    const line = plan.explain({ estimates: durations }).split("\n").at(-1);
    expect(readFileSync(new URL("../../../docs/what-if.md", import.meta.url), "utf8")).toContain(
      `\n${line}\n`,
    );
    expect(paper).toContain(`two.totalDurationMs; // ${two.totalDurationMs}\n`);
  });

  test("shows what changes would have made of a run", async () => {
    const { study } = (await run(change as string, "study")) as { study: WhatIf };
    const [slots, order] = study.changes;
    for (const [said, value] of [
      ["asRun.measuredMs", study.asRun.measuredMs],
      ["asRun.errorMs", study.asRun.errorMs],
      ["changes[0].makespanMs", slots?.makespanMs],
      ["changes[1].savedMs", order?.savedMs],
      ["knee.slots", study.knee.slots],
    ]) {
      expect(change).toContain(`study.${said}; // ${value}\n`);
    }
  });
});

describe("The page on testing", () => {
  const page = "../../../docs/testing.md";
  const [hours, script, stubs, order, text] = examplesIn(page);

  test("shows hours that take no time", async () => {
    const { report } = (await run(hours as string, "report")) as {
      report: { totalDurationMs: number };
    };
    expect(hours).toContain(`report.totalDurationMs; // ${report.totalDurationMs}\n`);
  });

  test("shows tasks that follow a script", async () => {
    const { report } = (await run(script as string, "report")) as {
      report: { flakyTasks: number };
    };
    expect(script).toContain(`report.flakyTasks; // ${report.flakyTasks}\n`);
  });

  test("shows a run with stand-ins for tasks", async () => {
    const { report } = (await run(stubs as string, "report")) as {
      report: { unwrap(): { card: string } };
    };
    expect(stubs).toContain(`report.unwrap().card; // ${report.unwrap().card}\n`);
  });

  test("shows an order that breaks a check", async () => {
    const { found } = (await run(order as string, "found")) as { found: Error };
    const [, shown] = readFileSync(new URL(page, import.meta.url), "utf8").split("```text\n");
    expect(`${found.message}\n`).toBe((shown as string).split("```")[0]);
  });

  test("shows a run as text, and the same report again", async () => {
    const { lines, report, again } = (await run(text as string, "lines", "report", "again")) as {
      lines: string[];
      report: object;
      again: object;
    };
    const [, , shown] = readFileSync(new URL(page, import.meta.url), "utf8").split("```text\n");
    expect(`${lines.join("\n")}\n`).toBe((shown as string).split("```")[0]);
    expect(JSON.stringify(again)).toBe(JSON.stringify(report));
  });
});
