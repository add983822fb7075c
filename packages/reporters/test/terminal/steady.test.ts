/**
 * The block while others write to the same terminal: it stands on the screen after every single write, and nothing of what
 * was written is lost. Whole writes are what a terminal that knows synchronised output shows, and what any other can show.
 */
import { spawn } from "node:child_process";
import { flow, type Observer, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ProgressOptions } from "../../src/terminal/index.ts";
import { PlacedBlock } from "../../src/terminal/placed-block.ts";
import { progressAt } from "../../src/terminal/progress.ts";
import { type Size, TestTerminal } from "../terminal-screen.ts";

const ESCAPE = String.fromCharCode(27);
const BEGIN = `${ESCAPE}[?2026h`;
const END = `${ESCAPE}[?2026l`;

class Watched {
  readonly clock: VirtualClock = new VirtualClock();
  readonly terminal: TestTerminal;
  readonly observer: Observer;

  constructor(size: Size = { columns: 80, rows: 24 }, options: ProgressOptions = {}) {
    this.terminal = new TestTerminal(size);
    this.observer = this.another(options);
  }

  another(options: ProgressOptions = {}): Observer {
    const place = { clock: this.clock, env: { NO_COLOR: "1" }, argv: [] };
    return progressAt(place, { stream: this.terminal, ...options });
  }

  /** Twenty tasks of a second each, two at once. */
  run(name = "nightly", observer = this.observer, broken = 5): Promise<unknown> {
    const tasks = Array.from({ length: 20 }, (_, n) => {
      const work = n === broken ? { ms: 1000, throw: new Error("broke") } : { ms: 1000 };
      return [`t${n}`, task(`task-${n}`, scripted(this.clock, work))] as const;
    });
    const { clock } = this;
    return flow(name, Object.fromEntries(tasks)).run({
      clock,
      concurrency: 2,
      failure: "continue",
      observers: [observer],
    });
  }

  /** As often as on the screen: once, or it is missing, or torn copies of it are left. */
  async blocks(): Promise<number> {
    const lines = await this.terminal.screen();
    return lines.filter((line) => /^ {2}\d+ running/.test(line)).length;
  }
}

describe("the block", () => {
  it("is on the screen after each of thirty lines a second, as the program and as failures write them", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1000);
    for (let line = 0; line < 200; line++) {
      one.terminal.write(`line ${line}\n`);
      expect(await one.blocks()).toBe(1);
      await one.clock.advance(33);
      expect(await one.blocks()).toBe(1);
    }
    await one.clock.run(running);
    const lines = await one.terminal.lines();
    expect(lines.filter((line) => line.startsWith("line "))).toEqual(
      Array.from({ length: 200 }, (_, line) => `line ${line}`),
    );
    expect(lines.filter((line) => line.includes("running"))).toEqual([]);
    expect(lines).toContain("✗ task-5");
  });

  it("goes, and comes below what was written, in the write that was theirs", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1500);
    const before = one.terminal.writes.length;
    one.terminal.write("a line from elsewhere\n");
    const theirs = one.terminal.writes.slice(before);
    expect(theirs).toHaveLength(1);
    expect(theirs[0]?.startsWith(BEGIN)).toBe(true);
    expect(theirs[0]?.endsWith(END)).toBe(true);
    const lines = await one.terminal.lines();
    expect(lines[0]).toBe("a line from elsewhere");
    expect(lines[1]).toMatch(/^nightly/);
    await one.clock.run(running);
  });

  it("stands below a line that somebody began, with the cursor at the end of that", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1500);
    one.terminal.write("Password: ");
    for (let quarter = 0; quarter < 4; quarter++) {
      const lines = await one.terminal.lines();
      expect(lines[0]).toBe("Password: ");
      expect(lines[1]).toMatch(/^nightly/);
      expect(await one.terminal.cursor()).toEqual({ line: 0, column: 10 });
      await one.clock.advance(250);
    }
    one.terminal.write("****\n");
    expect((await one.terminal.lines())[0]).toBe("Password: ****");
    expect(await one.blocks()).toBe(1);
    await one.clock.run(running);
    expect((await one.terminal.lines())[0]).toBe("Password: ****");
  });

  it("does so on the last row of the screen too, where making room moves everything up", async () => {
    const one = new Watched({ columns: 40, rows: 10 });
    const running = one.run();
    await one.clock.advance(1500);
    for (let line = 0; line < 30; line++) one.terminal.write(`line ${line}\n`);
    one.terminal.write("Password: ");
    const before = (await one.terminal.lines()).indexOf("Password: ");
    expect(await one.terminal.cursor()).toEqual({ line: before, column: 10 });
    expect(await one.blocks()).toBe(1);
    one.terminal.write("****\n");
    const lines = await one.terminal.lines();
    expect(lines.slice(before - 1, before + 1)).toEqual(["line 29", "Password: ****"]);
    expect(lines[before + 1]).toMatch(/^nightly/);
    await one.clock.run(running);
  });

  it("makes its room before it keeps the place of the cursor, which most terminals keep by its row", () => {
    const text = new PlacedBlock().place(["a", "b"], 80, "above");
    expect(text.replaceAll(ESCAPE, "ESC ")).toBe("ESC DESC DESC [2AESC 7ESC [0m\r\na\r\nbESC 8");
  });

  it("waits at the margin for the next character, which some terminals would put over the last", async () => {
    const one = new Watched({ columns: 40, rows: 10 });
    const running = one.run();
    await one.clock.advance(1500);
    one.terminal.write("x".repeat(39));
    expect(await one.blocks()).toBe(1);
    one.terminal.write("x");
    expect(await one.blocks()).toBe(0);
    one.terminal.write("x");
    expect(await one.blocks()).toBe(1);
    one.terminal.write("\n");
    expect((await one.terminal.lines()).slice(0, 2)).toEqual(["x".repeat(40), "x"]);
    await one.clock.run(running);
  });

  it("leaves to a line with movements of the cursor in it the rest of the screen, until that has ended", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1500);
    for (const text of ["\r 10 %", "\r 20 %", `${ESCAPE}[5G!`]) {
      one.terminal.write(text);
      expect(await one.blocks()).toBe(0);
    }
    expect(await one.terminal.lines()).toEqual([" 20 !"]);
    one.terminal.write("\n");
    expect(await one.blocks()).toBe(1);
    await one.clock.run(running);
  });

  it("takes bytes along as it takes texts, and tears no character that comes in two halves", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1500);
    const bytes = Buffer.from("naïve 💾 done\n");
    for (const byte of bytes) one.terminal.write(Uint8Array.of(byte));
    expect(await one.blocks()).toBe(1);
    expect((await one.terminal.lines())[0]).toBe("naïve 💾 done");
    await one.clock.run(running);
  });

  it("hands what is no text on as it is, for the stream to refuse", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1500);
    const before = one.terminal.writes.length;
    expect(() => one.terminal.write(undefined as unknown as string)).toThrow();
    one.terminal.write("");
    expect(one.terminal.writes.slice(before)).toEqual([""]);
    await one.clock.run(running);
  });

  it("costs who writes ten thousand lines in one go no more than a hundred blocks", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1500);
    for (let line = 0; line < 10_000; line++) one.terminal.write("x\n");
    expect(one.terminal.text.split(" running").length).toBeLessThan(120);
    expect(await one.blocks()).toBe(0);
    await one.clock.advance(250);
    expect(await one.blocks()).toBe(1);
    await one.clock.run(running);
  });

  it("is one for all that are shown on a terminal, whoever shows them", async () => {
    const one = new Watched();
    const first = one.run();
    const second = one.run("hourly", one.another());
    await one.clock.advance(1500);
    one.terminal.write("a line\n");
    const lines = await one.terminal.lines();
    expect(lines.filter((line) => /^(nightly|hourly) /.test(line))).toHaveLength(2);
    expect(await one.blocks()).toBe(2);
    await one.clock.run(Promise.all([first, second]));
    expect((await one.terminal.lines()).filter((line) => line.includes("running"))).toEqual([]);
  });
});

describe("a child process that has the terminal", () => {
  it("loses no line to the block, and is written where the program's own lines are", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1500);
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
      stdio: ["pipe", "inherit", "ignore"],
    });
    await new Promise((resolve) => child.once("spawn", resolve));
    for (let line = 0; line < 60; line++) {
      one.terminal.writePast(`child ${line};\n`);
      await one.clock.advance(50);
    }
    await one.clock.advance(1000);
    expect(await one.blocks()).toBe(1);
    child.stdin.end();
    await new Promise((resolve) => child.once("exit", resolve));
    await one.clock.run(running);
    const lines = await one.terminal.lines();
    for (let line = 0; line < 60; line++) {
      expect(lines.filter((text) => text.startsWith(`child ${line};`))).toHaveLength(1);
    }
    // No copy of the block is left between them.
    expect(lines.filter((text) => /^nightly {2}|^ {2}\d+ running/.test(text))).toEqual([]);
    expect(one.terminal.listenerCount("resize")).toBe(0);
  });

  it("has the whole screen to itself when its outputs are read here, as the program writes them", async () => {
    const one = new Watched();
    const running = one.run();
    await one.clock.advance(1500);
    const child = spawn(process.execPath, ["-e", "console.log('from the child')"]);
    child.stdout.on("data", (chunk: Buffer) => one.terminal.write(chunk));
    await new Promise((resolve) => child.once("close", resolve));
    expect((await one.terminal.lines())[0]).toBe("from the child");
    expect(await one.blocks()).toBe(1);
    expect((await one.terminal.cursor()).line).toBe((await one.terminal.lines()).length);
    await one.clock.run(running);
  });
});

type Doing = { readonly write: string } | { readonly wait: number } | { readonly resize: Size };

const words = fc.constantFrom(
  "a",
  "word",
  "漢字の列",
  "é",
  "x".repeat(37),
  "…",
  `${ESCAPE}[31mred${ESCAPE}[0m`,
);
const doing: fc.Arbitrary<Doing> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.array(words, { maxLength: 5 }), fc.boolean())
      .map(([text, ends]) => ({ write: `${text.join(" ")}${ends ? "\n" : ""}` })),
  },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 600 }).map((wait) => ({ wait })) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        columns: fc.integer({ min: 40, max: 120 }),
        rows: fc.integer({ min: 10, max: 40 }),
      })
      .map((resize) => ({ resize })),
  },
);

describe("whatever is written and however the terminal changes", () => {
  it("at 40 by 10 and up, every character written is there, in its order, and the block below it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(doing, { minLength: 1, maxLength: 30 }), async (script) => {
        const one = new Watched({ columns: 40, rows: 10 });
        const running = one.run("nightly", one.observer, -1);
        await one.clock.advance(300);
        let written = "";
        for (const step of script) {
          if ("write" in step) {
            one.terminal.write(step.write);
            written += step.write;
          } else if ("wait" in step) await one.clock.advance(step.wait);
          else {
            // With a line open, xterm.js moves the cursor off it when it breaks the block below anew.
            one.terminal.write("\n");
            written += "\n";
            // What is written it takes later than its new size.
            await one.terminal.lines();
            one.terminal.resize(step.resize);
            await one.clock.advance(500);
          }
          // At the margin of a line that is open, and only there, it waits for the next character.
          const open = !written.endsWith("\n") && written !== "";
          const margin = (await one.terminal.cursor()).column % one.terminal.columns === 0;
          if (!(open && margin)) expect(await one.blocks()).toBe(1);
        }
        await one.clock.run(running);
        const screen = (await one.terminal.lines()).join("");
        const shown = written.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, "g"), "");
        for (const line of shown.split("\n")) expect(bare(screen)).toContain(bare(line));
        expect(screen).not.toMatch(/\d running/);
      }),
      { numRuns: 60, seed: 20_260_101 },
    );
  });
});

function bare(text: string): string {
  return text.replaceAll(/\s/g, "");
}
