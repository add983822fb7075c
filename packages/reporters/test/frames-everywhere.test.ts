/**
 * Errors from every place in which the core calls somebody's code, or fails by itself, shown by everything that shows
 * stacks: never a frame of the core.
 */
import {
  type ExecutionReport,
  type Flow,
  flow,
  type JournalEntry,
  loop,
  map,
  type RunOptions,
  subflow,
  task,
} from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { renderCsv, renderText, reporters } from "../src/index.ts";
import { printSummary } from "../src/terminal/index.ts";
import { progressAt } from "../src/terminal/progress.ts";
import { TestTerminal } from "./terminal-screen.ts";

const OURS = /packages\/(?:core|reporters|options)\/src|node_modules\/@astrum\//;

function boom(what: string): never {
  throw new Error(`${what} went wrong`);
}

/** Each task fails in another way. */
function everyWay(clock: VirtualClock): Flow<object> {
  const soon = () => clock.wait(1);
  const inner = (what: string) =>
    flow("inner", { load: task("load", () => soon().then(() => boom(what))) });
  const steps = (first: () => Flow<{ readonly n: number }>, until: () => boolean) => ({
    first,
    next: () => count(),
    until,
    max: 2,
  });
  const count = () => flow("count", { n: task("n", () => soon().then(() => 1)) });
  const two = task("two", () => [1, 2]);
  return flow("every way", {
    sudden: task("sudden", () => boom("a task, before it waits,")),
    planned: subflow("planned", inner("a planned flow")),
    expanded: task("expanded", () => inner("a flow that a task became")),
    items: map("items", two, (item) => inner(`item ${item}`)),
    asked: loop("asked", {}, { ...steps(count, () => boom("until")) }),
    first: loop(
      "first",
      {},
      {
        ...steps(
          () => boom("first"),
          () => true,
        ),
      },
    ),
    endless: loop("endless", {}, { ...steps(count, () => false) }),
    when: task("when", soon, { when: () => boom("a condition") }),
    fallback: task("fallback", () => boom("its task"), { fallback: () => boom("a fallback") }),
    slow: task("slow", () => clock.wait(1000), { timeoutMs: 20 }),
    keyed: map("keyed", two, () => 1, { key: () => boom("a key") }),
  });
}

const brokenCache = {
  get: () => boom("reading the cache"),
  set: () => boom("writing the cache"),
};
/** It fails while the run goes on, and all of that stops. */
const brokenJournal = (entry: JournalEntry): void => {
  if (entry.task === "a") boom("the journal");
};

interface Case {
  readonly name: string;
  readonly roots: readonly string[];
  run(clock: VirtualClock, more: RunOptions): Promise<ExecutionReport<object>>;
}

const cases: readonly Case[] = [
  {
    name: "flows in flows, loops, conditions, keys and limits",
    roots: [
      "a planned flow",
      "a flow that a task became",
      "item 1",
      "until",
      "first",
      "a condition",
      "a fallback",
      "a key",
    ].map((what) => `${what} went wrong`),
    run: (clock, more) => clock.run(everyWay(clock).run({ clock, failure: "continue", ...more })),
  },
  {
    name: "a journal",
    roots: ["the journal went wrong"],
    run: (clock, more) => {
      const kept = flow("kept", { a: task("a", () => 1), b: task("b", () => clock.wait(5)) });
      return clock.run(kept.run({ clock, failure: "continue", journal: brokenJournal, ...more }));
    },
  },
  {
    name: "a cache",
    roots: [],
    run: (clock, more) => {
      const looked = task("looked", () => boom("what is cached"), { cache: {} });
      const run = flow("cached", { looked }).run({
        clock,
        failure: "continue",
        cache: brokenCache,
        ...more,
      });
      return clock.run(run);
    },
  },
];

const LEFT_AS_THROWN = new Set(["json", "ndjson"]);
const shown = Object.values(reporters).filter(({ name }) => !LEFT_AS_THROWN.has(name));

describe.each(cases)("Errors of $name", ({ roots, run }) => {
  let report: ExecutionReport<object>;
  beforeAll(async () => {
    report = await run(new VirtualClock(), {});
  });

  it("were thrown with frames of the core, or there would be none to leave out", () => {
    expect(JSON.stringify(report)).toMatch(OURS);
  });

  it.each(shown)("show none of these in the format $name", ({ name, render }) => {
    const text = render(report);
    expect(text).not.toMatch(OURS);
    if (name === "text") for (const root of roots) expect(text).toContain(root);
  });

  it("show none in tables of attempts, in texts with all tasks and in a summary with stacks", () => {
    const terminal = new TestTerminal({ columns: 4000, rows: 100 });
    printSummary(report, { stream: terminal, stacks: true, color: false });
    for (const text of [
      renderCsv(report, { rows: "attempts" }),
      renderText(report, { tasks: true }),
      terminal.text,
    ]) {
      expect(text).not.toMatch(OURS);
    }
  });

  it.each(["plain", "tty"] as const)("show none while the run is watched: %s", async (mode) => {
    const clock = new VirtualClock();
    const terminal = new TestTerminal({ columns: 4000, rows: 100 });
    const observer = progressAt({ clock, env: {}, argv: [] }, { stream: terminal, mode });
    await run(clock, { observers: [observer] });
    expect(terminal.text).toContain("went wrong");
    expect(terminal.text).not.toMatch(OURS);
  });
});
