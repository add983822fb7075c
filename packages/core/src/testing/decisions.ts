/**
 * The decisions that make one run another than the natural one: drawn from a seed, or given. 0 is always what happens when
 * nobody decides. Knows no clock and no run.
 */

/** A random number from 0 up to 1, from a seed: mulberry32 (public domain, Tommy Ettinger). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Decides as it is told, and remembers what was decided. */
export class Decisions {
  readonly made: number[] = [];
  readonly #next: (at: number, choices: number) => number;

  constructor(next: (at: number, choices: number) => number) {
    this.#next = next;
  }

  /** One of so many, from 0; the first when there is nothing to choose. */
  choose(choices: number): number {
    if (choices < 2) return 0;
    const chosen = Math.min(choices - 1, this.#next(this.made.length, choices));
    this.made.push(chosen);
    return chosen;
  }
}

/** Any of them, each as likely. */
export function drawn(random: () => number): Decisions {
  return new Decisions((_, choices) => Math.floor(random() * choices));
}

/** These, then nothing more is decided. */
export function given(decisions: readonly number[]): Decisions {
  return new Decisions((at) => decisions[at] ?? 0);
}

/** As text that can be handed over again: `12:1 40:3` are the decisions that are not 0, each with its place. */
export function scheduleText(decisions: readonly number[]): string {
  return decisions.flatMap((choice, at) => (choice === 0 ? [] : [`${at}:${choice}`])).join(" ");
}

/** The decisions of such a text; nothing when it is none. */
export function scheduleOf(text: string): number[] | undefined {
  const decisions: number[] = [];
  for (const part of text.split(" ").filter((one) => one !== "")) {
    const [, at, choice] = /^(\d{1,7}):(\d{1,7})$/.exec(part) ?? [];
    if (at === undefined) return undefined;
    while (decisions.length <= Number(at)) decisions.push(0);
    decisions[Number(at)] = Number(choice);
  }
  return decisions;
}
