/** The event at hand: its instant, whose end is being told, and what is commanded. It decides nothing. */
import type { Command } from "./event.ts";

const NO_COMMANDS: readonly Command[] = [];

export class Turn {
  now = 0;
  /** The task whose end is being told, and the attempt that gave its capacity back; -1 is none. */
  cause = -1;
  freed = -1;
  #commands: Command[] | undefined;

  begin(at: number): void {
    this.now = at;
    this.cause = -1;
    this.freed = -1;
    this.#commands = undefined;
  }

  /** Most events lead to one command: a list made of it is smaller than one that it is pushed to. */
  command(command: Command): void {
    if (this.#commands === undefined) this.#commands = [command];
    else this.#commands.push(command);
  }

  get commands(): readonly Command[] {
    return this.#commands ?? NO_COMMANDS;
  }
}
