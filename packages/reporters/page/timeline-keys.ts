/** What the keys do in the timeline: look elsewhere, look closer. Knows no DOM. */
import type { View } from "./view.ts";

export interface Moves {
  readonly view: View;
  scroll(rows: number): void;
  zoom(factor: number): void;
}

/** Whether the key is one of them. */
export function moveFor(key: string, { view, scroll, zoom }: Moves): boolean {
  const page = view.right - view.left;
  const does: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => view.pan(-page / 6),
    ArrowRight: () => view.pan(page / 6),
    Home: () => view.pan(-1e9),
    End: () => view.pan(1e9),
    ArrowUp: () => scroll(-1),
    ArrowDown: () => scroll(1),
    "+": () => zoom(1 / 1.5),
    "=": () => zoom(1 / 1.5),
    "-": () => zoom(1.5),
  };
  does[key]?.();
  return Object.hasOwn(does, key);
}
