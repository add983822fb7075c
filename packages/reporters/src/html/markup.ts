/**
 * HTML that cannot be broken out of: everything put into a template is escaped, unless it is markup itself. Values may only
 * stand in text and between double quotes. Knows no page.
 */

class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type { Markup };

/** What a template takes. Undefined, false and the empty text leave nothing behind. */
export type Content = string | number | Markup | readonly Content[] | undefined | false;

export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = parts[0] ?? "";
  values.forEach((value, index) => {
    text += written(value) + (parts[index + 1] ?? "");
  });
  return new Markup(text);
}

/** Text that is HTML already: our own style and script. */
export function verbatim(text: string): Markup {
  return new Markup(text);
}

const ENTITY: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function written(value: Content): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "number") return String(value);
  if (typeof value === "string") {
    return value.replace(/[&<>"']/g, (character) => ENTITY[character] ?? "");
  }
  return value.map(written).join("");
}
