/**
 * Work that follows the end of a run and that no run waits for: one delivery at a time, and when more has happened
 * meanwhile, one more with the latest. What went wrong is warned of, and forgotten when it works again.
 */
import type { Warnings } from "./warning.ts";

export class Deliveries {
  readonly #deliver: () => Promise<unknown>;
  readonly #failed: (error: unknown) => void;
  readonly #worked: () => void;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(deliver: () => Promise<unknown>, code: string, what: string, warnings: Warnings) {
    this.#deliver = deliver;
    this.#failed = (error) => {
      const why = error instanceof Error ? error.message || error.name : String(error);
      warnings.once(code, `${what}: ${why}. Runs are not affected; the next run tries again.`);
    };
    this.#worked = () => warnings.over(code);
  }

  request(): void {
    if (this.busy) this.#again = true;
    else this.#running = this.#work();
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when nothing is left to deliver, and never rejects. */
  get done(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async #work(): Promise<void> {
    do {
      this.#again = false;
      await this.#deliver().then(this.#worked, this.#failed);
    } while (this.#again);
    this.#running = undefined;
  }
}
