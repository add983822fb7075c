/** Names of tasks as links to their details, and their statuses as sign and word. */

import type { SerializedReport, TaskStatus } from "@astrum/core";
import { count } from "../wording/counts.ts";
import { labelOf } from "../wording/label.ts";
import { STATUS_SIGN } from "../wording/outcome.ts";
import { cut, visibleName } from "../wording/visible.ts";
import { html, type Markup } from "./markup.ts";
import { taskAddress } from "./task-address.ts";
import type { TaskLook } from "./task-look.ts";

const SHOWN = 160;

export class TaskLinks {
  readonly #places: Map<string, number> = new Map();
  /** Of items with a key. */
  readonly #labels: Map<string, string> = new Map();

  constructor({ taskStatistics }: SerializedReport) {
    taskStatistics.forEach((task, index) => {
      const { taskName, key } = task;
      if (this.#places.has(taskName)) return;
      this.#places.set(taskName, index);
      if (key !== undefined) this.#labels.set(taskName, labelOf(task));
    });
  }

  /** The row of the static list, and what the script opens. */
  to(name: string): Markup {
    const href = this.href(name);
    const shown = html`<code>${cut(visibleName(this.label(name)), SHOWN)}</code>`;
    return href === undefined ? shown : html`<a class="task" href="${href}">${shown}</a>`;
  }

  /** As people read it, with the key of an item. Not yet safe to show. */
  label(name: string): string {
    return this.#labels.get(name) ?? name;
  }

  /** Some of many, and how many more there are. */
  list(names: readonly string[], most: number): Markup {
    const more = names.length - most;
    return html`<ul class="names">${names.slice(0, most).map((name) => html`<li>${this.to(name)}</li>`)}${more > 0 && html`<li class="more">and ${count(more)} more</li>`}</ul>`;
  }

  href(name: string): string | undefined {
    const place = this.#places.get(name);
    return place === undefined ? undefined : taskAddress(visibleName(name), place);
  }

  place(name: string): number | undefined {
    return this.#places.get(name);
  }
}

/** `look`: the word, and the colour, of what is not as its status says. */
export function statusMark(status: TaskStatus, look: TaskLook = status): Markup {
  return html`<span class="mark ${look}"><span class="sign" aria-hidden="true">${STATUS_SIGN[status]}</span> ${look}</span>`;
}
