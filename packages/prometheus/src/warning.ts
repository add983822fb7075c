/** A warning of the process, each said once for as long as its `Warnings` live. Never an error: metrics fail nothing. */

export class Warnings {
  readonly #said: Set<string> = new Set();

  /** `code` is what makes two warnings the same. */
  once(code: string, message: string): void {
    if (this.#said.has(code)) return;
    this.#said.add(code);
    // A browser has no such place.
    const { process } = globalThis as { readonly process?: Partial<NodeJS.Process> };
    if (process?.emitWarning !== undefined)
      process.emitWarning(message, { type: "AstrumWarning", code });
    else console.warn(`[${code}] AstrumWarning: ${message}`);
  }

  /** What `code` warned of is over: the next time is news. */
  over(code: string): void {
    this.#said.delete(code);
  }
}
