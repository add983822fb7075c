/** The filter, its switches, and how the rows are grouped and coloured. */
import type { TaskStatus } from "@astrum/core";
import { STATUS_SIGN, STATUSES } from "../src/wording/outcome.ts";
import type { Address } from "./address.ts";
import { COLOURINGS, type Colouring, colouringsOf } from "./colours.ts";
import { element } from "./element.ts";
import type { Choice } from "./filter.ts";
import { canUnfold, GROUPINGS, type Grouping, usualGrouping } from "./rows.ts";
import type { Run } from "./run.ts";

export interface ToolbarOwner {
  filter(choice: Choice): void;
  group(grouping: Grouping): void;
  colour(colouring: Colouring): void;
  fold(open: boolean): void;
  zoom(factor: number): void;
  reset(): void;
}

const GROUPING_NAME: Readonly<Record<Grouping, string>> = {
  task: "task",
  map: "map or flow",
  slot: "slot",
  executor: "where it ran",
};

const COLOURING_NAME: Readonly<Record<Colouring, string>> = {
  outcome: "outcome",
  map: "map or flow",
  tag: "first tag",
};

export class Toolbar {
  readonly box: HTMLElement;
  readonly #run: Run;
  readonly #owner: ToolbarOwner;
  readonly #search: HTMLInputElement;
  readonly #fold: HTMLButtonElement;
  readonly #grouping: HTMLSelectElement;
  readonly #colouring: HTMLSelectElement;
  /** By the name that stands in the address. */
  readonly #switches: Map<string, HTMLButtonElement> = new Map();
  #unfolded = false;

  constructor(run: Run, owner: ToolbarOwner) {
    this.#run = run;
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
    this.#fold = button("Unfold all", () => this.#unfold(!this.#unfolded));
    this.#grouping = select("grouping", GROUPINGS, GROUPING_NAME, (chosen) => this.#group(chosen));
    this.#grouping.value = usualGrouping(run);
    this.#fold.hidden = !canUnfold(run, usualGrouping(run));
    const colourings = colouringsOf(run);
    this.#colouring = select("colouring", colourings, COLOURING_NAME, owner.colour);
    const chips = element(
      "div",
      { class: "chips", role: "group", "aria-label": "Show only" },
      ...this.#switchesOf(run),
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
          field(this.#grouping, "rows by"),
          this.#fold,
          colourings.length > 1 && field(this.#colouring, "colour by"),
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

  /** What of it is not as it is at first. */
  get state(): Pick<Address, "filter" | "only" | "rows" | "colour"> {
    const rows = GROUPINGS.find((one) => one === this.#grouping.value);
    const colour = COLOURINGS.find((one) => one === this.#colouring.value);
    return {
      filter: this.#search.value,
      only: this.#pressed(),
      rows: rows === usualGrouping(this.#run) ? undefined : rows,
      colour: colour === "outcome" ? undefined : colour,
    };
  }

  /** What is not said is as it is at first. Tells only what changes. */
  set(state: Pick<Address, "filter" | "only" | "rows" | "colour">): void {
    const { filter = "", only = [], rows = usualGrouping(this.#run), colour = "outcome" } = state;
    const before = this.state;
    this.#search.value = filter;
    for (const [name, one] of this.#switches)
      one.setAttribute("aria-pressed", String(only.includes(name)));
    if (this.#grouping.value !== rows) {
      this.#grouping.value = rows;
      this.#group(rows);
    }
    if (this.#colouring.value !== colour) {
      this.#colouring.value = colour;
      if (this.#colouring.value === colour) this.#owner.colour(colour);
      else this.#colouring.value = "outcome";
    }
    if (before.filter !== filter || String(before.only) !== String(this.#pressed())) this.#tell();
  }

  focus(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** Whether there was anything to clear. */
  clear(): boolean {
    const { filter, only = [] } = this.state;
    if (filter === "" && only.length === 0) return false;
    this.set({ ...this.state, filter: "", only: [] });
    return true;
  }

  #group(grouping: Grouping): void {
    this.#fold.hidden = !canUnfold(this.#run, grouping);
    this.#unfold(false);
    this.#owner.group(grouping);
  }

  #unfold(all: boolean): void {
    this.#unfolded = all;
    this.#fold.textContent = all ? "Fold all" : "Unfold all";
    this.#owner.fold(all);
  }

  /** Only those that would leave something, and not all. */
  #switchesOf(run: Run): HTMLButtonElement[] {
    const statuses = STATUSES.filter((status) => {
      const count = run.data.tasks.status.filter((place) => STATUSES[place] === status).length;
      return count > 0 && count < run.taskCount;
    });
    const buttons = statuses.map((one) => this.#switch(one, `${STATUS_SIGN[one]} ${one}`));
    if (run.data.attempts.critical.includes(1) && run.taskCount > 1)
      buttons.push(this.#switch("critical", "critical path"));
    if (run.data.tasks.name.some((_, task) => run.isFlaky(task)))
      buttons.push(this.#switch("flaky", "flaky"));
    return buttons;
  }

  #switch(name: string, text: string): HTMLButtonElement {
    const one = button(text, () => {
      one.setAttribute("aria-pressed", String(one.getAttribute("aria-pressed") !== "true"));
      this.#tell();
    });
    one.setAttribute("aria-pressed", "false");
    this.#switches.set(name, one);
    return one;
  }

  #pressed(): string[] {
    return Array.from(this.#switches)
      .filter(([, one]) => one.getAttribute("aria-pressed") === "true")
      .map(([name]) => name);
  }

  #tell(): void {
    const pressed = this.#pressed();
    this.#owner.filter({
      text: this.#search.value,
      statuses: new Set<TaskStatus>(STATUSES.filter((status) => pressed.includes(status))),
      critical: pressed.includes("critical"),
      flaky: pressed.includes("flaky"),
    });
  }
}

function select<Name extends string>(
  id: string,
  names: readonly Name[],
  words: Readonly<Record<Name, string>>,
  chosen: (name: Name) => void,
): HTMLSelectElement {
  const one = element(
    "select",
    { id },
    ...names.map((name) => element("option", { value: name }, words[name])),
  );
  one.addEventListener("change", () => {
    const found = names.find((name) => name === one.value);
    if (found !== undefined) chosen(found);
  });
  return one;
}

function button(text: string, press: () => void): HTMLButtonElement {
  const one = element("button", { type: "button" }, text);
  one.addEventListener("click", press);
  return one;
}

/** A label that stays beside what it names. */
function field(one: HTMLSelectElement, label: string): HTMLElement {
  return element("div", { class: "field" }, element("label", { for: one.id }, label), one);
}

function labelled(one: HTMLButtonElement, label: string, key?: string): HTMLButtonElement {
  one.setAttribute("aria-label", label);
  one.title = key === undefined ? label : `${label} (${key})`;
  if (key !== undefined) one.setAttribute("aria-keyshortcuts", key);
  return one;
}
