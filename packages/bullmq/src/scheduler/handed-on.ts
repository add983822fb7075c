/** Since when workers hand a job on, because they do not have its task, and what the last of them said. Decides nothing. */
import type { Word } from "../wire/protocol.ts";

type Left = Extract<Word, { left: string }>;

export class HandedOn {
  #since: number | undefined;
  #last: Left | undefined;

  by(word: Left): void {
    this.#since ??= performance.now();
    this.#last = word;
  }

  /** Somebody has it. */
  taken(): void {
    this.#since = undefined;
  }

  /** What the last of them said, where nobody has taken it for so long. */
  forLongerThan(ms: number): Left | undefined {
    if (this.#since === undefined || performance.now() - this.#since < ms) return undefined;
    return this.#last;
  }
}
