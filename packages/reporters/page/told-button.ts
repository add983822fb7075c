/** Says on a button for a moment what became of pressing it. */

const SAID_MS = 1500;

interface Saying {
  readonly words: string;
  readonly timer: number;
}

const sayings = new WeakMap<Element, Saying>();

/** Pressed again meanwhile, it goes back to its own words all the same. */
export function tellOn(button: Element, text: string): void {
  const before = sayings.get(button);
  const words = before?.words ?? button.textContent;
  window.clearTimeout(before?.timer);
  button.textContent = text;
  const timer = window.setTimeout(() => {
    button.textContent = words;
    sayings.delete(button);
  }, SAID_MS);
  sayings.set(button, { words, timer });
}
