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

  say(fraction: number, message: string | undefined): void {
    this.#next = {
      n: ++this.#count,
      fraction: Number(fraction),
      ...(message !== undefined && { message: String(message).slice(0, 1_000) }),
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
