/** The examples in the doc comments of what is public: they compile, they run, and they print what they say. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "node:util";
import { build } from "esbuild";
import ts from "typescript";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as core from "../src/index.ts";
import * as testing from "../src/testing.ts";
import * as whatif from "../src/whatif.ts";
import { compile } from "./compile.ts";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** The comment that holds an example, and the name of what it stands before. */
const COMMENTED =
  /\/\*\*(?<comment>(?:(?!\*\/).)*@example(?:(?!\*\/).)*)\*\/\nexport (?:class|function|const) (?<name>\w+)/gs;

const examples = new Map<string, string>();
for (const file of readdirSync(src, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".ts")) continue;
  for (const { groups } of readFileSync(join(src, file), "utf8").matchAll(COMMENTED)) {
    const { comment, name } = groups as { comment: string; name: string };
    const text = comment.replace(/^ \* ?/gm, "");
    examples.set(name, /```ts\n(.*)```/s.exec(text)?.[1] as string);
  }
}

/** What an example says that it prints: comments beside the call, or below it on lines of their own. */
function promised(code: string): string[] {
  return Array.from(
    code.matchAll(/^(?:.*console\.log\(.*\); )?\/\/ (.*)$/gm),
    ([, said]) => said as string,
  );
}

afterEach(() => vi.restoreAllMocks());

describe("In doc comments the example of", () => {
  it("each word of the two doors is there, and of what tells how something ended", () => {
    expect([...examples.keys()].sort()).toEqual(
      [
        "DynamicScheduler",
        "LoopLimitError",
        "MapError",
        "explore",
        "RateLimit",
        "SubflowError",
        "after",
        "flow",
        "loop",
        "map",
        "optional",
        "param",
        "pick",
        "readableStack",
        "runResult",
        "settled",
        "simulate",
        "subflow",
        "summarizeError",
        "summarizeFailure",
        "task",
        "taskResult",
        "value",
        "whatIf",
      ].sort(),
    );
    for (const name of examples.keys())
      expect({ ...core, ...testing, ...whatif }).toHaveProperty(name);
  });

  it("each of them compiles under strict settings", () => {
    const files = Object.fromEntries(
      Array.from(examples, ([name, code]) => [`${name}.mts`, code] as const),
    );
    const told = compile(files).map(
      ({ file, messageText }) =>
        `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
    expect(told).toEqual([]);
  });

  it.each([...examples])("%s prints what it says", async (_, code) => {
    const printed: string[] = [];
    vi.spyOn(console, "log").mockImplementation(
      (...values) => void printed.push(format(...values)),
    );
    const { outputFiles } = await build({
      stdin: { contents: code, loader: "ts", resolveDir: src },
      alias: {
        "@astrum/core/testing": join(src, "testing.ts"),
        "@astrum/core/whatif": join(src, "whatif.ts"),
        "@astrum/core": join(src, "index.ts"),
      },
      bundle: true,
      write: false,
      format: "esm",
    });
    const module = Buffer.from(outputFiles[0]?.contents ?? "").toString("base64");
    await import(`data:text/javascript;base64,${module}`);
    expect(printed).toEqual(promised(code));
    expect(printed.length).toBeGreaterThan(0);
  });
});
