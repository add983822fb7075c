/** The live block when something comes between: a terminal that changes, a stream that fails, an end that comes too soon. */
import { type ExecutionReport, flow, type Observer, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { progressAt } from "../../src/terminal/progress.ts";
import { TestTerminal } from "../terminal-screen.ts";

const ESCAPE = String.fromCharCode(27);
const BEGIN = `${ESCAPE}[?2026h`;
const END = `${ESCAPE}[?2026l`;

/** Tasks that end when it is said, all at once, with the block of them on the screen. */
class Held {
  readonly clock: VirtualClock = new VirtualClock();
  readonly terminal: TestTerminal = new TestTerminal({ columns: 80, rows: 24 });
  readonly observer: Observer;
  readonly running: Promise<ExecutionReport>;
  readonly #ended: (() => void)[] = [];

  constructor(count = 20, broken = false) {
    const place = { clock: this.clock, env: { NO_COLOR: "1" }, argv: [] };
    this.observer = progressAt(place, { stream: this.terminal });
    const tasks = Array.from({ length: count }, (_, n) => {
      const held = new Promise<void>((resolve) => this.#ended.push(resolve));
      const work = async (): Promise<void> => {
        await held;
        if (broken) throw new Error(`broke ${n}`);
      };
      return [`t${n}`, task(`task-${n}`, work)] as const;
    });
    const { clock, observer } = this;
    this.running = flow("nightly", Object.fromEntries(tasks)).run({
      clock,
      failure: "continue",
      observers: [observer],
    });
  }

  async shown(): Promise<void> {
    await this.clock.advance(1500);
    expect((await this.terminal.lines()).filter((line) => /\d running/.test(line))).toHaveLength(1);
  }

  async end(): Promise<ExecutionReport> {
    for (const end of this.#ended) end();
    return await this.running;
  }

  fails(code: string): void {
    this.terminal.emit("error", Object.assign(new Error(`write ${code}`), { code }));
  }
}

describe("the block", () => {
  it.each([
    { columns: 34, rows: 24 },
    { columns: 140, rows: 40 },
    { columns: 40, rows: 14 },
  ])(
    "leaves nothing behind when the terminal becomes %o, the program writes and the run ends, all before it is drawn",
    async (size) => {
      const one = new Held();
      await one.shown();
      one.terminal.on("resize", () => one.terminal.write("the size has changed\n"));
      one.terminal.resize(size);
      one.terminal.write("and then it was over\n");
      await one.end();
      const lines = await one.terminal.lines();
      expect(lines).toEqual([
        "the size has changed",
        "and then it was over",
        "✓ nightly: completed after 1.5 s",
        "  20 tasks: 20 completed",
      ]);
      expect(one.clock.pending).toBe(0);
      expect(one.terminal.listenerCount("resize")).toBe(1);
    },
  );

  it("makes way in one write for ten thousand lines that come in one, and for as many failures", async () => {
    const one = new Held(10_000, true);
    await one.shown();
    const before = one.terminal.writes.length;
    const many = Array.from({ length: 10_000 }, (_, n) => `line ${n}`);
    one.terminal.write(`${many.join("\n")}\n`);
    expect(one.terminal.writes.length).toBe(before + 1);
    await one.end();
    const lines = await one.terminal.lines();
    expect(lines.slice(0, 10_000)).toEqual(many);
    const titles = lines.filter((line) => line.startsWith("✗ task-"));
    expect(new Set(titles).size).toBe(10_000);
    expect(lines.filter((line) => /\d running/.test(line))).toEqual([]);
    // Told once a drawing, not once a failure.
    expect(one.terminal.writes.length).toBeLessThan(before + 50);
  });

  it("is not drawn any more when its reader has gone in the middle of a drawing, and lets the others write as they like", async () => {
    const one = new Held();
    await one.shown();
    const { length } = one.terminal.writes;
    one.fails("EPIPE");
    await one.clock.advance(5000);
    expect(one.terminal.writes.length).toBe(length);
    for (const line of ["one\n", "two\n"]) one.terminal.write(line);
    const theirs = one.terminal.writes.slice(length).join("");
    expect([theirs.includes(BEGIN), theirs.includes(END)]).toEqual([false, false]);
    expect(one.terminal.writes.at(-1)).toBe("two\n");
    const report = await one.end();
    expect(report.observerErrors ?? []).toEqual([]);
    expect(one.terminal.writes.length).toBe(length + 2);
    expect(one.clock.pending).toBe(0);
    expect(Object.hasOwn(one.terminal, "write")).toBe(false);
  });

  it.each(["EAGAIN", "EIO"])(
    "is not drawn any more either when a write fails for %s, which whoever listens to the stream hears",
    async (code) => {
      const one = new Held();
      await one.shown();
      expect(() => one.fails(code)).toThrow(`write ${code}`);
      const heard: Error[] = [];
      one.terminal.on("error", (error: Error) => heard.push(error));
      one.fails(code);
      expect(heard).toHaveLength(1);
      const { length } = one.terminal.writes;
      await one.clock.advance(5000);
      const report = await one.end();
      expect([report.executionState, report.observerErrors ?? []]).toEqual(["completed", []]);
      expect(one.terminal.writes.length).toBe(length);
      expect(one.clock.pending).toBe(0);
    },
  );

  it("begins and ends every synchronised write of its own, so that a terminal waits for none of them", async () => {
    const one = new Held();
    await one.shown();
    one.terminal.write("a line\n");
    one.terminal.write("half a line");
    one.terminal.resize({ columns: 50, rows: 20 });
    await one.clock.advance(5000);
    await one.end();
    for (const write of one.terminal.writes) {
      expect(write.split(BEGIN).length).toBe(write.split(END).length);
      expect(write.split(BEGIN).length).toBeLessThanOrEqual(2);
    }
  });
});
