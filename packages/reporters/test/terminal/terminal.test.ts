import { flow, map, type Observer, type RunOptions, task } from "@astrum/core";
import { type Step, scripted, VirtualClock } from "@astrum/core/testing";
import { estimatesFrom } from "@astrum/reporters";
import { testObserver } from "astrum-conformance";
import { describe, expect, it } from "vitest";
import { readEventLog, renderText } from "../../src/index.ts";
import { type ProgressOptions, printSummary, progress } from "../../src/terminal/index.ts";
import { progressAt } from "../../src/terminal/progress.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { TestTerminal } from "../terminal-screen.ts";

const ESCAPE = String.fromCharCode(27);

interface Watched {
  readonly clock: VirtualClock;
  readonly terminal: TestTerminal;
  readonly observer: Observer;
}

function watched(
  terminal: TestTerminal,
  options: ProgressOptions = {},
  env: Record<string, string> = {},
): Watched {
  const clock = new VirtualClock();
  const observer = progressAt({ clock, env, argv: [] }, { stream: terminal, ...options });
  return { clock, terminal, observer };
}

function run<R>(
  { clock, observer }: Watched,
  graph: { run(options: RunOptions): R },
  options: RunOptions = {},
): R {
  return graph.run({ clock, failure: "continue", observers: [observer], ...options });
}

/** Each step of each task takes a second unless it says otherwise. */
function nightly(clock: VirtualClock, count: number, ...steps: readonly Step[]) {
  const body = steps.length === 0 ? [{ ms: 1000 }] : steps;
  const tasks = Array.from({ length: count }, (_, n) =>
    task(`task-${n}`, scripted(clock, ...body)),
  );
  return flow("nightly", Object.fromEntries(tasks.map((one, n) => [`t${n}`, one])));
}

function broken(clock: VirtualClock, failing: number) {
  const tasks = Array.from({ length: failing + 5 }, (_, n) =>
    task(
      `task-${n}`,
      scripted(clock, n < failing ? { ms: 300, throw: new Error(`broke ${n}`) } : { ms: 2000 }),
    ),
  );
  return flow("nightly", Object.fromEntries(tasks.map((one, n) => [`t${n}`, one])));
}

describe("progress on a terminal", () => {
  it("says how far the run is, what runs, and how long it will still take", async () => {
    const one = watched(new TestTerminal());
    const running = run(one, nightly(one.clock, 40), { concurrency: 4 });
    await one.clock.advance(3500);
    const screen = await one.terminal.lines();
    expect(screen[0]).toMatch(/^nightly {2}█+░+ {2}12\/40 {2}30 % {2}3 s, ~ 7 s left$/);
    expect(screen[1]).toBe("  4 running · 24 ready");
    expect(screen[2]).toMatch(/^ +0 s {2}task-12$/);
    expect(screen).toHaveLength(6);
    await one.clock.run(running);
  });

  it("leaves how the run ended, and nothing of the block", async () => {
    const one = watched(new TestTerminal());
    await one.clock.run(run(one, nightly(one.clock, 40), { concurrency: 4 }));
    expect(await one.terminal.lines()).toEqual([
      "✓ nightly: completed after 10 s",
      "  40 tasks: 40 completed",
    ]);
    expect(one.clock.pending).toBe(0);
    expect(one.terminal.listenerCount("resize")).toBe(0);
  });

  it("takes at most two lines fewer than the terminal has, and never more than twelve", async () => {
    for (const [columns, rows, most] of [
      [40, 8, 6],
      [200, 60, 12],
      [80, 24, 12],
      [20, 3, 1],
    ] as const) {
      const one = watched(new TestTerminal({ columns, rows }));
      const running = run(one, nightly(one.clock, 100), { concurrency: 50 });
      await one.clock.advance(1500);
      const lines = await one.terminal.lines();
      expect(lines.length).toBe(most);
      expect(lines.every((line) => line.length < columns)).toBe(true);
      await one.clock.run(running);
    }
  });

  it("writes failures above the block, and they stay, each with its error", async () => {
    const one = watched(new TestTerminal({ columns: 40, rows: 8 }));
    const running = run(one, broken(one.clock, 30), { concurrency: 8 });
    await one.clock.advance(2500);
    const during = await one.terminal.lines();
    expect(during.at(-6)).toMatch(/^nightly/);
    await one.clock.run(running);
    const lines = await one.terminal.lines();
    for (let n = 0; n < 30; n++) {
      expect(lines.filter((line) => /^✗ (task-\d+)/.exec(line)?.[1] === `task-${n}`)).toHaveLength(
        1,
      );
      expect(lines.filter((line) => line.includes(`broke ${n}`)).length).toBeGreaterThan(0);
    }
    expect(lines.filter((line) => line.includes("running"))).toEqual([]);
    expect(lines.slice(-2).join("\n")).toMatch(/nightly: failed .*\n {2}35 tasks: 5 completed, 30/);
  });

  it("draws at most four times a second, and once a second when nothing happens", async () => {
    const one = watched(new TestTerminal());
    const running = run(one, nightly(one.clock, 2000, { ms: 10 }), { concurrency: 10 });
    await one.clock.advance(1000);
    expect(one.terminal.writes.length).toBeGreaterThan(1);
    expect(one.terminal.writes.length).toBeLessThanOrEqual(4);
    await one.clock.run(running);

    const idle = watched(new TestTerminal());
    const long = run(idle, nightly(idle.clock, 1, { ms: 20_000 }));
    await idle.clock.advance(10_000);
    expect(idle.terminal.writes.length).toBeGreaterThanOrEqual(9);
    expect(idle.terminal.writes.length).toBeLessThanOrEqual(12);
    await idle.clock.run(long);
  });

  it("never hides the cursor and never enters the alternate screen", async () => {
    const one = watched(new TestTerminal());
    await one.clock.run(run(one, broken(one.clock, 3)));
    expect(one.terminal.text).toContain(`${ESCAPE}[`);
    expect(one.terminal.text).not.toMatch(/\[\?(25|47|1047|1049)[hl]/);
    expect(one.terminal.alternateScreen).toBe(false);
  });

  it("tells of a failure above what others write after it, even when it was not drawn yet", async () => {
    const one = watched(new TestTerminal());
    const failing = (ms: number) => scripted(one.clock, { ms, throw: new Error(`after ${ms}`) });
    const long = task("long", scripted(one.clock, { ms: 2000 }));
    const graph = flow("nightly", { a: task("a", failing(300)), b: task("b", failing(350)), long });
    const running = run(one, graph);
    await one.clock.advance(360);
    one.terminal.write("written after the failures\n");
    const titles = (await one.terminal.lines()).filter((line) => /^(✗|written)/.test(line));
    expect(titles).toEqual(["✗ a", "✗ b", "written after the failures"]);
    await one.clock.run(running);
  });

  it("gives the stream back as it was", async () => {
    const one = watched(new TestTerminal());
    const { write } = one.terminal;
    await one.clock.run(run(one, nightly(one.clock, 3)));
    expect(one.terminal.write).toBe(write);
    expect(Object.hasOwn(one.terminal, "write")).toBe(false);
  });

  it("fits itself to a terminal whose size changes", async () => {
    const one = watched(new TestTerminal({ columns: 100, rows: 30 }));
    const running = run(one, nightly(one.clock, 60), { concurrency: 20 });
    await one.clock.advance(1500);
    one.terminal.resize({ columns: 40, rows: 8 });
    await one.clock.advance(500);
    expect((await one.terminal.lines()).at(-6)).toMatch(/^nightly {2}40\/60/);
    one.terminal.resize({ columns: 120, rows: 40 });
    await one.clock.run(running);
    expect((await one.terminal.lines()).slice(-2)).toEqual([
      "✓ nightly: completed after 3 s",
      "  60 tasks: 60 completed",
    ]);
  });

  it("shows runs that go on at once in one block", async () => {
    const one = watched(new TestTerminal());
    const first = run(one, nightly(one.clock, 5));
    const second = run(one, flow("hourly", { t: task("t", scripted(one.clock, { ms: 3000 })) }));
    await one.clock.advance(500);
    const during = (await one.terminal.lines()).filter((line) => /^(nightly|hourly)/.test(line));
    expect(during).toHaveLength(2);
    await one.clock.run(Promise.all([first, second]));
    expect((await one.terminal.lines()).filter((line) => line.startsWith("✓"))).toEqual([
      "✓ nightly: completed after 1 s",
      "✓ hourly: completed after 3 s",
    ]);
  });

  it("writes nothing to a terminal that takes nothing, and catches up when it does", async () => {
    const one = watched(new TestTerminal());
    const running = run(one, broken(one.clock, 2));
    await one.clock.advance(250);
    one.terminal.writableNeedDrain = true;
    const before = one.terminal.writes.length;
    await one.clock.advance(1500);
    expect(one.terminal.writes.length).toBe(before);
    one.terminal.writableNeedDrain = false;
    await one.clock.run(running);
    expect((await one.terminal.lines()).filter((line) => line.startsWith("✗ task"))).toHaveLength(
      2,
    );
  });

  it("colours by meaning, unless NO_COLOR says no", async () => {
    const sgr = new RegExp(`${ESCAPE}\\[[0-9;]*m`);
    const coloured = watched(new TestTerminal());
    await coloured.clock.run(run(coloured, broken(coloured.clock, 1)));
    expect(coloured.terminal.text).toMatch(sgr);
    const bare = watched(new TestTerminal(), {}, { NO_COLOR: "1" });
    await bare.clock.run(run(bare, broken(bare.clock, 1)));
    expect(bare.terminal.text).not.toMatch(sgr);
    expect(bare.terminal.text).toContain(`${ESCAPE}[`);
  });
});

describe("the time left", () => {
  it("is at least what is known while a map does not know its items", async () => {
    const one = watched(new TestTerminal());
    const list = task("list", scripted(one.clock, { ms: 6000, return: [1, 2, 3] }));
    const read = map("read", list, () => 1);
    const early = Array.from({ length: 8 }, (_, n) =>
      task(`e${n}`, scripted(one.clock, { ms: 500 })),
    );
    const roots = { read, ...Object.fromEntries(early.map((task, n) => [`e${n}`, task])) };
    const running = run(one, flow("mapped", roots), { concurrency: 3 });
    await one.clock.advance(3500);
    expect((await one.terminal.lines())[0]).toMatch(/≥ \d+ s left$/);
    await one.clock.run(running);
  });

  it("is that of an earlier run when its report is given, and not less than the longest chain", async () => {
    const chain = (clock: VirtualClock) => {
      const first = task("first", scripted(clock, { ms: 1000, return: 1 }));
      const second = task("second", { first }, scripted(clock, { ms: 3000, return: 1 }));
      const third = task("third", { second }, scripted(clock, { ms: 50_000 }));
      return flow("chain", { third });
    };
    const clock = new VirtualClock();
    const before = await clock.run(chain(clock).run({ clock }));
    const one = watched(new TestTerminal(), { estimates: estimatesFrom(before.toJSON()) });
    const running = run(one, chain(one.clock));
    await one.clock.advance(3500);
    expect((await one.terminal.lines())[0]).toMatch(/~ 51 s left$/);
    await one.clock.run(running);
  });
});

describe("progress in a log", () => {
  const plain = (env: Record<string, string> = {}, options: ProgressOptions = {}): Watched =>
    watched(new TestTerminal({ columns: 80, rows: 24 }, false), options, env);

  it("is a line for each task that ends, without one escape sequence", async () => {
    const one = plain();
    await one.clock.run(run(one, nightly(one.clock, 3), { concurrency: 1 }));
    expect(one.terminal.text).toBe(
      [
        "nightly: 3 tasks, at most 1 at once",
        "[1/3] ✓ task-0  1 s",
        "[2/3] ✓ task-1  1 s",
        "[3/3] ✓ task-2  1 s",
        "✓ nightly: completed after 3 s",
        "  3 tasks: 3 completed",
        "",
      ].join("\n"),
    );
  });

  it("tells of failures with their errors, of attempts, and of what was skipped and why", async () => {
    const one = plain();
    const broken = task(
      "broken",
      scripted(one.clock, { ms: 20, throw: new Error("no such table") }),
    );
    const behind = task("behind", { broken }, scripted(one.clock, {}));
    const flaky = task(
      "flaky",
      scripted(one.clock, { throw: new Error("once") }, { ms: 40, return: 1 }),
      { retry: 1 },
    );
    await one.clock.run(run(one, flow("nightly", { behind, flaky })));
    expect(one.terminal.text).toMatch(/^\[\d\/3\] ✗ broken {2}20 ms\n {4}Error: no such table\n/m);
    expect(one.terminal.text).toMatch(/^\[\d\/3\] ↷ behind: skipped, because of broken$/m);
    expect(one.terminal.text).toMatch(/^\[\d\/3\] ✓ flaky {2}.*\(2 attempts\)$/m);
  });

  it("counts the items of a map in its line, and names those that failed", async () => {
    const one = plain();
    const list = task("list", async () => [1, 2, 3, 4]);
    const read = map(
      "read",
      list,
      (n) => {
        if (n === 3) throw new Error("unreadable");
        return n;
      },
      { onFailure: "ignore" },
    );
    await one.clock.run(run(one, flow("mapped", { read })));
    const lines = one.terminal.text.split("\n");
    expect(lines.filter((line) => line.includes("read[") || line.includes("read:"))).toHaveLength(
      1,
    );
    expect(one.terminal.text).toMatch(/ read \(tolerated\): .*\(4 items, 1 failed\)$/m);
  });

  it("says which tail tasks nobody waited for, and does not count them", async () => {
    const one = plain();
    const main = task("main", scripted(one.clock, { ms: 5, return: 1 }));
    const archive = task("archive", { main }, scripted(one.clock, { ms: 5000 }));
    await one.clock.run(run(one, flow("nightly", { main }, { tails: { archive } })));
    expect(one.terminal.text).not.toContain("detached");
    expect(one.terminal.text).toContain("\n  2 tasks: 1 completed\n  not waited for: archive\n");
  });

  it("gives a sign of life after half a minute of silence", async () => {
    const one = plain();
    await one.clock.run(run(one, nightly(one.clock, 2, { ms: 65_000 })));
    const alive = one.terminal.text.split("\n").filter((line) => line.includes("running: "));
    expect(alive).toEqual(Array(2).fill("[0/2] running: task-0 and 1 more"));
    expect(one.clock.pending).toBe(0);
  });

  it("is chosen for what is no terminal, for continuous integration and for TERM=dumb", async () => {
    const cases: readonly [boolean, Record<string, string>, ProgressOptions][] = [
      [false, {}, {}],
      [false, {}, { mode: "tty" }],
      [true, { CI: "true" }, {}],
      [true, { TERM: "dumb" }, {}],
      [true, {}, { mode: "plain" }],
    ];
    for (const [isTTY, env, options] of cases) {
      const one = watched(new TestTerminal({ columns: 80, rows: 24 }, isTTY), options, env);
      await one.clock.run(run(one, nightly(one.clock, 3)));
      expect(one.terminal.text).toContain("[3/3]");
    }
    const no = watched(new TestTerminal(), {}, { CI: "false" });
    await no.clock.run(run(no, nightly(no.clock, 3)));
    expect(no.terminal.text).not.toContain("[3/3]");
  });

  it("has colours when FORCE_COLOR, a service that shows them, or the caller says so", async () => {
    for (const [env, options, coloured] of [
      [{}, {}, false],
      [{ FORCE_COLOR: "1" }, {}, true],
      [{ FORCE_COLOR: "0", GITHUB_ACTIONS: "true" }, {}, false],
      [{ FORCE_COLOR: "1", NO_COLOR: "1" }, {}, false],
      [{ GITHUB_ACTIONS: "true", CI: "true" }, {}, true],
      [{ NO_COLOR: "1" }, { color: true }, true],
      [{ FORCE_COLOR: "1" }, { color: false }, false],
    ] as const) {
      const one = plain(env, options);
      await one.clock.run(run(one, nightly(one.clock, 1)));
      expect(one.terminal.text.includes(ESCAPE)).toBe(coloured);
    }
  });
});

describe("progress", () => {
  it("as ndjson is an event log that can be read back", async () => {
    const one = watched(new TestTerminal(), { mode: "ndjson" });
    await one.clock.run(run(one, nightly(one.clock, 3)));
    expect(readEventLog(one.terminal.text).successfulTasks).toBe(3);
  });

  it("as none is told nothing at all", () => {
    expect(watched(new TestTerminal(), { mode: "none" }).observer.run).toBeUndefined();
  });

  it("shows no secret, and nothing that acts on a terminal", async () => {
    for (const mode of ["tty", "plain"] as const) {
      const terminal = new TestTerminal({ columns: 80, rows: 24 }, mode === "tty");
      const one = watched(terminal, { mode, redact: ["hunter2"] });
      const evil = task(
        `hunter2 ${ESCAPE}]0;owned\u0007`,
        scripted(one.clock, { ms: 3000, throw: new Error(`hunter2 ${ESCAPE}[2J`) }),
      );
      const running = run(one, flow("hunter2", { evil }));
      await one.clock.advance(1500);
      await one.clock.run(running);
      expect(terminal.text).toContain("[redacted]");
      expect(terminal.text).not.toContain("hunter2");
      expect(terminal.text).not.toContain(`${ESCAPE}]0;`);
      expect(terminal.text).not.toContain(`${ESCAPE}[2J`);
    }
  });

  it("says what is wrong with its options before anything runs", () => {
    // @ts-expect-error: not one of the modes
    expect(() => progress({ mode: "fancy" })).toThrow(
      'progress(): Expected `mode` to be one of "auto", "tty", "plain", "ndjson", "none", got "fancy".',
    );
    // @ts-expect-error: not a stream
    expect(() => progress({ stream: {} })).toThrow(
      "progress(): Expected `stream` to be a writable stream, such as process.stderr, got an object.",
    );
    expect(() => progress({ redact: [""] })).toThrow("`redact`");
  });

  it("goes on without a word when its reader has gone", async () => {
    const terminal = new TestTerminal({ columns: 80, rows: 24 }, false);
    const one = watched(terminal);
    const running = run(one, nightly(one.clock, 3), { concurrency: 1 });
    await one.clock.advance(500);
    terminal.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    const before = terminal.writes.length;
    const report = await one.clock.run(running);
    expect(terminal.writes.length).toBe(before);
    expect(report.observerErrors ?? []).toEqual([]);
  });

  describe.each(["tty", "plain", "ndjson", "none"] as const)("%s", (mode) => {
    testObserver(() => watched(new TestTerminal(), { mode }).observer);
  });
});

describe("the summary", () => {
  const printed = (name: (typeof fixtureNames)[number], columns: number, stacks = false) => {
    const terminal = new TestTerminal({ columns, rows: 50 });
    printSummary(fixture(name), { stream: terminal, color: false, stacks });
    return terminal;
  };

  it.each(fixtureNames)("of %s ends with how the run ended", async (name) => {
    const report = fixture(name);
    const lines = await printed(name, 200).lines();
    expect(lines.at(-2)).toContain(`: ${report.executionState} after `);
    expect(lines.at(-1)).toContain(`${report.totalTasks} task`);
  });

  it("says what failed, what bound the run, where the time went, what is slow and what is flaky", async () => {
    const text = (await printed("mixed", 200).lines()).join("\n");
    const order = ["Slowest:", "Flaky", "Critical path", "Why it took", "Bound by", "Failures:"];
    const places = order.map((word) => text.indexOf(word));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(text).toContain("cannot parse <config>");
    expect(text).not.toContain("Caused by");
  });

  it("says how many tasks were skipped or cancelled for each cause, the most first", async () => {
    const clock = new VirtualClock();
    const bad = task("import shard", scripted(clock, { ms: 5, throw: "unexpected token" }));
    const next = task("next", { bad }, () => 1);
    const after = ["a", "b"].map((name) => [name, task(name, { next }, () => 1)] as const);
    const asked = task("asked", () => 1, { when: () => ({ skip: "nothing new" }) });
    const roots = { ...Object.fromEntries(after), asked };
    const report = await clock.run(flow("f", roots).run({ clock, failure: "continue" }));
    const terminal = new TestTerminal({ columns: 100, rows: 50 });
    printSummary(report, { stream: terminal, color: false });
    const said =
      "Skipped and cancelled, by cause:\n  ↷ 3 skipped, because of import shard\n  ↷ 1 skipped: nothing new\n";
    expect((await terminal.lines()).join("\n")).toContain(said);
    expect(renderText(report)).toContain(said);
    const many = Array.from({ length: 9 }, (_, at) =>
      task(`asked ${at}`, () => 1, { when: () => ({ skip: `reason ${at}` }) }),
    );
    const skipped = await flow("g", Object.fromEntries(many.map((one) => [one.name, one]))).run();
    expect(renderText(skipped)).toContain("  ↷ 1 skipped: reason 4\n  … and 4 more causes\n");
  });

  it("shows stacks when asked to", async () => {
    expect((await printed("mixed", 200, true).lines()).join("\n")).toContain("Caused by");
  });

  it("has no escape sequence without colours, whatever tasks are called", () => {
    for (const name of fixtureNames) expect(printed(name, 80).text).not.toContain(ESCAPE);
  });

  it("breaks its sentences between words, below their beginning, and only for a terminal", () => {
    const sentence = /^ {2}\S.* running \+ .*$/m;
    const [whole = ""] = sentence.exec(printed("mixed", 200).text) ?? [];
    expect(whole.length).toBeGreaterThan(30);
    const narrow = printed("mixed", 30).text;
    expect(narrow).not.toContain(whole);
    expect(narrow.replaceAll(/\n {2}(?=\S)/g, " ")).toContain(whole.trim());
    const file = new TestTerminal({ columns: 30, rows: 50 }, false);
    printSummary(fixture("mixed"), { stream: file, color: false });
    expect(file.text).toContain(whole);
  });

  it("cuts the rows of tables to the terminal, and breaks no error off", async () => {
    const text = printed("hostile", 40).text;
    const [tables] = text.split("Why it took");
    expect(tables).toContain("…");
    expect(text.length).toBeGreaterThan(0);
  });
});
