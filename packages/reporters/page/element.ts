/** Elements by tag, attributes and children. A text is always a text: there is no way here to write HTML. */

type Child = Node | string | undefined | false;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number | boolean>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    // What ARIA calls true and false are words; an empty string is neither, and no attribute is "not applicable".
    if (typeof value !== "boolean" || name.startsWith("aria-"))
      one.setAttribute(name, String(value));
    else if (value) one.setAttribute(name, "");
  }
  put(one, children);
  return one;
}

/** Instead of what is in there. */
export function fill(parent: Element, ...children: readonly Child[]): void {
  parent.textContent = "";
  put(parent, children);
}

/** @throws Error when the page is not the one this script belongs to. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}".`);
  return found;
}

function put(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child !== undefined && child !== false) parent.append(child);
  }
}
