/** What is left of a long list, behind a line that says how much: it is made when that is opened. Knows no task. */
import { element } from "./element.ts";

export function rest<T>(items: readonly T[], made: (item: T) => HTMLElement): HTMLElement | false {
  if (items.length === 0) return false;
  const list = element("ul");
  const box = element(
    "details",
    { class: "more" },
    element("summary", {}, `and ${items.length} more`),
    list,
  );
  const fill = (): void => {
    for (const item of items) list.append(made(item));
  };
  box.addEventListener("toggle", fill, { once: true });
  return box;
}
