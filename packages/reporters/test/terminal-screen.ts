/** A terminal that is none: a stream whose writes a real parser of escape sequences puts on a screen that can be read. */
import { EventEmitter } from "node:events";
import xterm from "@xterm/headless";
import type { TerminalStream } from "../src/terminal/index.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export class TestTerminal extends EventEmitter implements TerminalStream {
  readonly isTTY: boolean;
  readonly writes: string[] = [];
  writableNeedDrain = false;
  readonly #terminal: InstanceType<typeof xterm.Terminal>;

  constructor({ columns, rows }: Size = { columns: 80, rows: 24 }, isTTY = true) {
    super();
    this.isTTY = isTTY;
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 40_000,
      convertEol: true,
      allowProposedApi: true,
    });
  }

  get columns(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  write(text: string | Uint8Array): boolean {
    this.writes.push(Buffer.from(text as Uint8Array).toString());
    this.#terminal.write(text);
    return true;
  }

  /** What a child process does that has the terminal, and a keyboard that is echoed: nobody here is told. */
  writePast(text: string): void {
    this.#terminal.write(text);
  }

  resize({ columns, rows }: Size): void {
    this.#terminal.resize(columns, rows);
    this.emit("resize");
  }

  /** Everything from the first line that scrolled away to the last that has something on it. */
  async lines(): Promise<string[]> {
    await new Promise<void>((resolve) => this.#terminal.write("", resolve));
    const { active } = this.#terminal.buffer;
    const lines: string[] = [];
    for (let y = 0; y < active.length; y++) {
      lines.push(active.getLine(y)?.translateToString(true) ?? "");
    }
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  /** Where it is: the line as in `lines()`, and the column. */
  async cursor(): Promise<{ readonly line: number; readonly column: number }> {
    await new Promise<void>((resolve) => this.#terminal.write("", resolve));
    const { baseY, cursorX, cursorY } = this.#terminal.buffer.active;
    return { line: baseY + cursorY, column: cursorX };
  }

  /** What can be seen without scrolling. */
  async screen(): Promise<string[]> {
    const lines = await this.lines();
    return lines.slice(this.#terminal.buffer.active.baseY);
  }

  get alternateScreen(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  get text(): string {
    return this.writes.join("");
  }
}
