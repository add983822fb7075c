/** The filter, its switches, and how the rows are grouped. */
import type { TaskStatus } from "@astrum/core";
import { STATUS_SIGN, STATUSES } from "../src/wording/outcome.ts";
import { element } from "./element.ts";
import type { Choice } from "./filter.ts";
import { GROUPINGS, type Grouping } from "./rows.ts";
import type { Run } from "./run.ts";

export interface ToolbarOwner {
  filter(choice: Choice): void;
  group(grouping: Grouping): void;
  fold(open: boolean): void;
  zoom(factor: number): void;
  reset(): void;
}

const NAME: Readonly<Record<Grouping, string>> = {
  slot: "slot",
  group: "flow, map or stage",
  executor: "where it ran",
  waterfall: "task",
};

export class Toolbar {
  readonly box: HTMLElement;
  readonly #owner: ToolbarOwner;
  readonly #search: HTMLInputElement;
  readonly #fold: HTMLButtonElement;
  readonly #statuses: Set<TaskStatus> = new Set();
  readonly #switches: HTMLButtonElement[] = [];
  #critical = false;
  #flaky = false;
  #open = false;

  constructor(run: Run, owner: ToolbarOwner) {
    this.#owner = owner;
    this.#search = element("input", {
      type: "search",
      placeholder: "Filter tasks",
      "aria-label": "Filter tasks by words, or by time as in >100ms",
      "aria-keyshortcuts": "/",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.#search.addEventListener("input", () => this.#tell());
    this.#fold = button("Unfold all", () => {
      this.#open = !this.#open;
      this.#fold.textContent = this.#open ? "Fold all" : "Unfold all";
      owner.fold(this.#open);
    });
    this.#fold.hidden = true;
    const grouping = element(
      "select",
      { id: "grouping" },
      ...GROUPINGS.map((name) => element("option", { value: name }, NAME[name])),
    );
    grouping.addEventListener("change", () => {
      const chosen = GROUPINGS.find((name) => name === grouping.value) ?? "slot";
      this.#open = false;
      this.#fold.textContent = "Unfold all";
      this.#fold.hidden = chosen === "slot" || (chosen === "waterfall" && !run.nested);
      owner.group(chosen);
    });
    const chips = element("div", { class: "chips", role: "group", "aria-label": "Show only" });
    for (const status of STATUSES) {
      const count = run.data.tasks.status.filter((place) => STATUSES[place] === status).length;
      if (count > 0 && count < run.taskCount)
        chips.append(
          this.#switch(`${STATUS_SIGN[status]} ${status}`, (on) => this.#pick(status, on)),
        );
    }
    const anyCritical = run.data.attempts.critical.includes(1) && run.taskCount > 1;
    if (anyCritical)
      chips.append(
        this.#switch("critical path", (on) => {
          this.#critical = on;
        }),
      );
    if (run.data.tasks.name.some((_, task) => run.isFlaky(task)))
      chips.append(
        this.#switch("flaky", (on) => {
          this.#flaky = on;
        }),
      );
    this.box = element(
      "div",
      { class: "toolbar" },
      element(
        "div",
        { class: "search" },
        this.#search,
        element("kbd", { "aria-hidden": "true" }, "/"),
      ),
      chips,
      run.attemptCount > 0 &&
        element(
          "div",
          { class: "tools" },
          element("label", { for: "grouping" }, "rows by"),
          grouping,
          this.#fold,
          labelled(
            button("−", () => owner.zoom(1.6)),
            "Look from farther away",
          ),
          labelled(
            button("+", () => owner.zoom(1 / 1.6)),
            "Look closer",
          ),
          labelled(
            button("Whole run", () => owner.reset()),
            "Show the whole run",
            "0",
          ),
        ),
    );
  }

  focus(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** Whether there was anything to clear. */
  clear(): boolean {
    if (
      this.#search.value === "" &&
      this.#switches.every((one) => one.getAttribute("aria-pressed") === "false")
    )
      return false;
    this.#search.value = "";
    this.#statuses.clear();
    this.#critical = false;
    this.#flaky = false;
    for (const one of this.#switches) one.setAttribute("aria-pressed", "false");
    this.#tell();
    return true;
  }

  #pick(status: TaskStatus, on: boolean): void {
    if (on) this.#statuses.add(status);
    else this.#statuses.delete(status);
  }

  #switch(text: string, turn: (on: boolean) => void): HTMLButtonElement {
    const one = button(text, () => {
      const on = one.getAttribute("aria-pressed") !== "true";
      one.setAttribute("aria-pressed", String(on));
      turn(on);
      this.#tell();
    });
    one.setAttribute("aria-pressed", "false");
    this.#switches.push(one);
    return one;
  }

  #tell(): void {
    this.#owner.filter({
      text: this.#search.value,
      statuses: this.#statuses,
      critical: this.#critical,
      flaky: this.#flaky,
    });
  }
}

function button(text: string, press: () => void): HTMLButtonElement {
  const one = element("button", { type: "button" }, text);
  one.addEventListener("click", press);
  return one;
}

function labelled(one: HTMLButtonElement, label: string, key?: string): HTMLButtonElement {
  one.setAttribute("aria-label", label);
  one.title = key === undefined ? label : `${label} (${key})`;
  if (key !== undefined) one.setAttribute("aria-keyshortcuts", key);
  return one;
}
