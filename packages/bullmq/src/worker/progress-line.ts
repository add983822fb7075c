/**
 * The words of one attempt on their way to the scheduler: one at a time, in order. While one is on its way only the
 * latest of those after it is kept, so that a loop that says much costs little. The last one always arrives.
 */
import type { Word } from "../wire/protocol.ts";

type ProgressWord = Extract<Word, { n: number }>;

export class ProgressLine {
  readonly #send: (word: ProgressWord) => Promise<void>;
  #count = 0;
  #next: ProgressWord | undefined;
  #sending: Promise<void> | undefined;

  constructor(send: (word: ProgressWord) => Promise<void>) {
    this.#send = send;
  }

  /** As the core has it: what is no number tells nothing, and a message may be anything. */
  say(fraction: number, message: string | undefined): void {
    if (!Number.isFinite(fraction)) return;
    this.#next = {
      n: ++this.#count,
      fraction,
      ...(message !== undefined && { message: textOf(message).slice(0, 1_000) }),
    };
    this.#sending ??= this.#drain();
  }

  /** Resolves when everything that was said has been sent, or could not be. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #drain(): Promise<void> {
    for (let word = this.#next; word !== undefined; word = this.#next) {
      this.#next = undefined;
      // Progress is a courtesy: what cannot be told is not worth a failed attempt.
      await this.#send(word).catch(() => {});
    }
    this.#sending = undefined;
  }
}

function textOf(message: unknown): string {
  try {
    return String(message);
  } catch {
    return "an object"; // One without a text: `Object.create(null)`.
  }
}
