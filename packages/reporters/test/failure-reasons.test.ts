import {
  type Flow,
  flow,
  type SerializedError,
  type SerializedReport,
  serializeError,
  task,
} from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { validate } from "ctrf";
import { describe, expect, it } from "vitest";
import {
  renderCsv,
  renderGithubAnnotations,
  renderHtml,
  renderText,
  reporters,
} from "../src/index.ts";
import { printSummary } from "../src/terminal/index.ts";
import { progressAt } from "../src/terminal/progress.ts";
import { errorText, errorTitle } from "../src/wording/error-text.ts";
import { deepError, failingRun, framed, ROOTS } from "./failing-runs.ts";
import { TestTerminal } from "./terminal-screen.ts";

const OURS = /packages\/core\/src|node_modules\/@astrum\//;

const report = (await (await failingRun()).run()).toJSON();

/** What quoting a format does, undone as far as these texts need it. */
function unquoted(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll('\\"', '"')
    .replaceAll('""', '"')
    .replaceAll("&#39;", "'")
    .replaceAll("%25", "%");
}

function expectRoots(text: string): void {
  const said = unquoted(text);
  for (const [name, roots] of Object.entries(ROOTS)) {
    for (const root of roots) expect(said, `${name} says ${root}`).toContain(root);
  }
}

async function printed(options: object): Promise<string> {
  const terminal = new TestTerminal({ columns: 4000, rows: 100 });
  printSummary(report, { stream: terminal, ...options });
  return (await terminal.lines()).join("\n");
}

async function watched(mode: "plain" | "tty"): Promise<string> {
  const clock = new VirtualClock();
  const terminal = new TestTerminal({ columns: 4000, rows: 100 });
  const place = { clock, env: {}, argv: [] };
  const observer = progressAt(place, { stream: terminal, mode });
  await (await failingRun(clock)).run({ observers: [observer] });
  return (await terminal.lines()).join("\n");
}

const detailed = ["text", "html", "markdown", "junit", "ctrf", "tap", "github", "otlp"] as const;
const short = ["csv", "chrome-trace", "mermaid", "gantt", "dot", "svg", "card"] as const;

describe("every root cause of real failures", () => {
  it.each(detailed)("is in the format %s, and no frame of ours", (name) => {
    const text = reporters[name].render(report);
    expectRoots(text);
    expect(text).not.toMatch(OURS);
    // The frame at which it happened is there.
    expect(text).toContain("explode");
    expect(text).toContain("/srv/app/src/disk.ts:1:5");
  });

  it.each([
    ["progress in a log", () => watched("plain")],
    ["progress on a terminal", () => watched("tty")],
    ["the summary with stacks", () => printed({ stacks: true })],
  ])("is in %s, and no frame of ours", async (_, text) => {
    const said = await text();
    expectRoots(said);
    expect(said).not.toMatch(OURS);
    expect(said).toContain("explode");
    expect(said).toContain("/srv/app/src/disk.ts:1:5");
  });

  it("is in the line that each failure has in the summary", async () => {
    expectRoots(await printed({}));
    expectRoots(report.errorSummary.join("\n"));
  });

  it("is in the cells of a table, and in the details of a trace", () => {
    expectRoots(renderCsv(report));
    expectRoots(renderCsv(report, { rows: "attempts" }));
    expectRoots(reporters["chrome-trace"].render(report));
  });

  it.each(short)("leaves no frame of ours in the format %s, which has no stacks", (name) => {
    expect(reporters[name].render(report)).not.toMatch(OURS);
  });

  it.each(["json", "ndjson"] as const)("leaves the stacks in %s as they were thrown", (name) => {
    expect(reporters[name].render(report)).toMatch(OURS);
  });

  it("is valid CTRF, with a trace", () => {
    const document = JSON.parse(reporters.ctrf.render(report));
    expect(validate(document).errors ?? []).toEqual([]);
    const deep = document.results.tests.find((test: { name: string }) => test.name === "deep");
    expect(deep.message).toBe("Error: cannot save: cannot write: the disk is full");
    expect(deep.trace).toContain("Caused by: Error: the disk is full");
  });

  it("stands with a place in the application, though a library threw", () => {
    const inLibrary = new Error("in the library", { cause: framed(new Error("here"), "mine") });
    inLibrary.stack = "Error: in the library\n    at x (/srv/app/node_modules/x/index.js:1:1)";
    const thrown = withError(report, "deep", serializeError(inLibrary));
    const [line] = renderGithubAnnotations(thrown, { root: "/srv/app" })
      .split("\n")
      .filter((one) => one.includes("title=deep"));
    expect(line).toMatch(/^::error file=src\/mine\.ts,line=1,col=5,title=deep::/);
  });
});

function withError(
  source: SerializedReport,
  name: string,
  error: SerializedError,
): SerializedReport {
  return {
    ...source,
    taskStatistics: source.taskStatistics.map((row) =>
      row.taskName === name ? { ...row, error } : row,
    ),
  };
}

describe("an error in full", () => {
  const lines = (error: unknown, most?: number): string[] =>
    errorText(serializeError(error), most).split("\n");

  it("has its frames, its causes and theirs, in order", () => {
    expect(lines(deepError())).toEqual(
      [deepError(), deepError().cause, (deepError().cause as Error).cause].flatMap((error, at) =>
        `${at === 0 ? "" : "Caused by: "}${(error as Error).stack}`.split("\n"),
      ),
    );
  });

  it("makes room from the frames of libraries, never from a cause", () => {
    expect(lines(deepError(), 12)).toEqual([
      "Error: cannot save",
      "    at step1 (/srv/app/src/save.ts:1:5)",
      "    at step2 (/srv/app/src/save.ts:2:5)",
      "    … 8 more frames",
      "Caused by: Error: cannot write",
      "    at step1 (/srv/app/src/write.ts:1:5)",
      "    at step2 (/srv/app/src/write.ts:2:5)",
      "    … 8 more frames",
      "Caused by: Error: the disk is full",
      "    at step1 (/srv/app/src/disk.ts:1:5)",
      "    at step2 (/srv/app/src/disk.ts:2:5)",
      "    … 8 more frames",
    ]);
    expect(lines(deepError(), 4)).toEqual([
      "Error: cannot save",
      "Caused by: Error: cannot write",
      "Caused by: Error: the disk is full",
      "… 30 frames are left out",
    ]);
  });

  it("keeps the frame at which it happened, though it is a library's", () => {
    const error = framed(new Error("x"), "x");
    error.stack = `Error: x\n    at fs (node:internal/fs:1:1)\n    at q (/a/node_modules/q/q.js:1:1)\n    at mine (/a/mine.js:1:1)`;
    expect(lines(error, 10)).toEqual(error.stack.split("\n"));
    expect(lines(error, 3)).toEqual([
      "Error: x",
      "    at mine (/a/mine.js:1:1)",
      "    … 2 more frames",
    ]);
  });

  it("has the members of an aggregate with their stacks and causes", () => {
    const member = framed(new Error("a", { cause: new Error("b") }), "member", 0);
    const error = framed(new AggregateError([member, "text"], ""), "all", 0);
    const said = lines(error);
    expect(said[0]).toBe('AggregateError: a: b; "text"');
    expect(said.slice(4, 10)).toEqual([
      "  [1] Error: a",
      "      at step1 (/srv/app/src/member.ts:1:5)",
      "      at step2 (/srv/app/src/member.ts:2:5)",
      "      at step3 (/srv/app/src/member.ts:3:5)",
      "  Caused by: Error: b",
      expect.stringMatching(/^ {6}at .*failure-reasons\.test\.ts/),
    ]);
    expect(said.at(-1)).toBe('  [2] Error: "text"');
  });

  it("says how many of ten thousand members it left out", () => {
    const members = Array.from({ length: 10_000 }, (_, at) => framed(new Error(`no ${at}`), "m"));
    const said = lines(new AggregateError(members, "all of them"), 60);
    expect(said.length).toBeLessThanOrEqual(60);
    expect(said[0]).toBe("AggregateError: all of them");
    expect(said.filter((line) => /^ {2}\[\d+\] Error: no \d$/.test(line))).toHaveLength(10);
    expect(said.at(-1)).toBe("  … and at least 40 more errors");
    const few = lines(new AggregateError(members, "all of them"), 12);
    expect(few.filter((line) => line.includes("] Error: no"))).toHaveLength(10);
  });

  it("ends in a circle, and cuts a message of a thousand lines and one of megabytes", () => {
    const a = new Error("a");
    const b = new Error("b", { cause: a });
    a.cause = b;
    const circle = lines(a, 400);
    expect(circle.filter((line) => /^(Caused by: )?Error: /.test(line))).toEqual([
      "Error: a",
      "Caused by: Error: b",
      "Caused by: Error: a",
    ]);
    const long = new Error(Array.from({ length: 1000 }, (_, at) => `line ${at}`).join("\n"), {
      cause: new Error("the root"),
    });
    const cut = lines(long, 12);
    expect(cut.slice(0, 4)).toEqual(["Error: line 0", "line 1", "line 2", "… 997 more lines"]);
    expect(cut).toContain("Caused by: Error: the root");
    expect(cut.length).toBeLessThanOrEqual(12);
    const huge = new Error("x".repeat(5_000_000), { cause: new Error("the root") });
    const text = errorText(serializeError(huge), 12);
    expect(text.length).toBeLessThan(5000);
    expect(text).toContain("Caused by: Error: the root");
  });

  it("is the title of what another engine wrote, which puts none above its frames", () => {
    const stack = "load@http://localhost/app.js:1:2\nmain@http://localhost/app.js:3:4";
    expect(errorText({ name: "TypeError", message: "x is not a function", stack })).toBe(
      `TypeError: x is not a function\n${stack}`,
    );
  });

  it("has a title in which there is room for the root", () => {
    const long = new Error("x".repeat(2000), { cause: new Error("the root") });
    expect(errorTitle(serializeError(long), 120)).toMatch(/^Error: x+…: the root$/);
    expect(errorTitle(serializeError(long), 120).length).toBeLessThanOrEqual(120);
    expect(errorTitle({ name: "Quit", message: "" })).toBe("Quit");
    expect(errorTitle({ name: "", message: "nameless" })).toBe("nameless");
  });
});

describe("a map that failed", () => {
  it("is told once, not with all of its items again, which stand beside it", () => {
    expect(renderText(report).match(/item is broken/g)).toHaveLength(1);
    const junit = reporters.junit.render(report);
    const [, own = ""] = /<testcase[^>]* name="items" (.*?)<\/testcase>/s.exec(junit) ?? [];
    expect(own).toContain("1 of the 3 items");
    expect(own).not.toContain("item is broken");
    expect(junit).toContain("item is broken: because of this");
  });
});

describe("a task whose dependency was skipped because of another", () => {
  it("names that one, and does not say that it failed when it was skipped", async () => {
    const idle = task("idle", () => 1, { when: () => ({ skip: "not today" }) });
    const near = task("near", { idle }, () => 1);
    const far = task("far", { near }, () => 1);
    const report = (await flow("f", { far }).run()).toJSON();
    const tap = unquoted(reporters.tap.render(report));
    expect(tap).toContain('its dependency "near" did not complete because "idle" did not');
    expect(tap).toContain("not today");
    expect(tap).not.toContain("failed");
  });
});

describe("a run that its own time limit ended", () => {
  async function limited(): Promise<SerializedReport> {
    const clock = new VirtualClock();
    const waits = (name: string, ms: number) =>
      task(name, (_, { signal }) => clock.wait(ms, signal));
    const a = waits("a", 100);
    const graph = flow("nightly", {
      a,
      b: waits("b", 900),
      c: task("c", { a }, () => 1),
      d: waits("d", 1),
    });
    return (await clock.run(graph.run({ clock, timeoutMs: 300, concurrency: 1 }))).toJSON();
  }

  it("says so in its headline, in every format that has one", async () => {
    const stopped = await limited();
    expect(renderText(stopped)).toMatch(
      /^nightly: failed after 300 ms: its time limit of 300 ms\n/,
    );
    expect(reporters.markdown.render(stopped)).toMatch(
      /^### ✗ `nightly` failed after 300 ms: its time limit of 300 ms\n/,
    );
    const html = renderHtml(stopped);
    expect(html).toContain("failed after 300 ms: its time limit of 300 ms");
    expect(html).toContain("1 of 4 tasks had completed by then.");
    expect(html).not.toContain("0 of 4 tasks failed");
  });

  it("is an error of its own in test results, with what was running", async () => {
    const stopped = await limited();
    const message = 'The run took longer than 300 ms (running then: "b")';
    for (const name of ["junit", "tap", "ctrf", "github"] as const) {
      expect(unquoted(reporters[name].render(stopped)), name).toContain(message);
    }
  });

  it("says so also when nothing was running, and when a task had failed before", async () => {
    const clock = new VirtualClock();
    const fails = task("fails", () => {
      throw new Error("boom");
    });
    const again = task("again", () => Promise.reject(new Error("x")), {
      retry: { attempts: 9, backoff: "fixed", baseMs: 1000 },
    });
    const graph = flow("f", { fails, again });
    const run = graph.run({ clock, timeoutMs: 300, failure: "continue" });
    const stopped = (await clock.run(run)).toJSON();
    expect(renderText(stopped)).toMatch(/^f: failed after 300 ms: its time limit of 300 ms\n/);
    expect(reporters.tap.render(stopped)).toMatch(
      /not ok 3 - run\n {2}---\n.*took longer than 300 ms/,
    );
    expect(renderHtml(stopped)).toContain("1 of 2 tasks failed");
  });

  it.each(["tty", "plain"] as const)(
    "says so on the terminal while it is watched: %s",
    async (mode) => {
      const told = async (make: (clock: VirtualClock) => Flow<object>): Promise<string> => {
        const clock = new VirtualClock();
        const terminal = new TestTerminal();
        const observer = progressAt({ clock, env: {}, argv: [] }, { stream: terminal, mode });
        await clock.run(make(clock).run({ clock, timeoutMs: 300, observers: [observer] }));
        return (await terminal.lines()).join("\n");
      };
      const slow = (clock: VirtualClock) =>
        task("slow", (_, { signal }) => clock.wait(900, signal));
      const deaf = (clock: VirtualClock) => task("deaf", () => clock.wait(900));
      const again = task("again", () => Promise.reject(new Error("x")), {
        retry: { attempts: 9, backoff: "fixed", baseMs: 1000 },
      });
      const words = "its time limit of 300 ms";
      expect(await told((clock) => flow("f", { slow: slow(clock) }))).toContain(
        `f: failed after 300 ms: ${words}`,
      );
      expect(await told((clock) => flow("f", { deaf: deaf(clock) }))).toContain(
        `f: failed after 900 ms: ${words}`,
      );
      expect(await told(() => flow("f", { again }))).toContain(`f: failed after 300 ms: ${words}`);
      const own = (clock: VirtualClock) =>
        task("own", (_, { signal }) => clock.wait(900, signal), { timeoutMs: 200 });
      expect(await told((clock) => flow("f", { own: own(clock) }))).toMatch(
        /f: failed after 200 ms\s*\n/,
      );
    },
  );
});

describe("a run that was cancelled", () => {
  const slow = (name: string, clock: VirtualClock) =>
    task(name, (_, { signal }) => clock.wait(900, signal));

  async function cancelled(reason: unknown): Promise<SerializedReport> {
    const clock = new VirtualClock();
    const graph = flow("nightly", { a: slow("a", clock), b: slow("b", clock) });
    const run = graph.start({ clock });
    // One task alone, for a reason of its own, before the run.
    clock.after(50, () => run.cancelTask("a", "not needed"));
    clock.after(100, () => run.cancel(reason));
    return (await clock.run(run.report)).toJSON();
  }

  it("says why in its headline, and in its line among test results", async () => {
    const report = await cancelled(new Error("deploy *now*\nsecond line"));
    expect(renderText(report)).toMatch(
      /^nightly: cancelled after 100 ms: deploy \*now\* second line\n/,
    );
    expect(reporters.markdown.render(report)).toMatch(
      /^### ✗ `nightly` cancelled after 100 ms: `deploy \*now\* second line`\n/,
    );
    expect(renderHtml(report)).toContain(
      "when the run was asked to stop: deploy *now* second line.",
    );
    expect(reporters.tap.render(report)).toContain("The run was cancelled: deploy *now*");
    const terminal = new TestTerminal();
    printSummary(report, { stream: terminal, color: false });
    expect((await terminal.lines()).join("\n")).toContain("cancelled after 100 ms: deploy *now*");
  });

  it("says so where nothing had started, and nothing where nobody said why", async () => {
    const clock = new VirtualClock();
    const signal = AbortSignal.abort("SIGTERM");
    const run = flow("nightly", { a: slow("a", clock) }).run({ clock, signal });
    const unstarted = (await clock.run(run)).toJSON();
    expect(renderText(unstarted)).toMatch(/^nightly: cancelled after 0 ms: "SIGTERM"\n/);
    expect(reporters.tap.render(unstarted)).toContain('The run was cancelled: \\"SIGTERM\\"');
    const unexplained = await cancelled(undefined);
    expect(unexplained.taskStatistics[0]?.reason).toMatchObject({
      message: 'cancelled by the caller: "not needed"',
    });
    for (const { render } of [reporters.text, reporters.markdown, reporters.tap]) {
      expect(render(unexplained).split("\n").slice(0, 2).join()).not.toContain("needed");
    }
    expect(reporters.tap.render(unexplained)).not.toContain("The run was cancelled: cancelled");
  });

  it("keeps the secrets of what its caller said", async () => {
    const report = await cancelled(new Error("see https://h/?token=swordfish"));
    for (const { render } of [reporters.text, reporters.markdown, reporters.html]) {
      expect(render(report)).toContain("see https://h/?token=[redacted]");
      expect(render(report)).not.toContain("swordfish");
    }
  });
});
