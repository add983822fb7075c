/** A warning of the process, each said once for as long as its `Warnings` live. Never an error: metrics fail nothing. */

export class Warnings {
  readonly #said: Set<string> = new Set();

  /** `code` is what makes two warnings the same. */
  once(code: string, message: string): void {
    if (this.#said.has(code)) return;
    this.#said.add(code);
    process.emitWarning(message, { type: "AstrumWarning", code });
  }

  /** What `code` warned of is over: the next time is news. */
  over(code: string): void {
    this.#said.delete(code);
  }
}
