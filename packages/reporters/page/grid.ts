/**
 * The list of all tasks, of which only the rows in sight exist. It is the timeline for those who cannot see that: a grid that
 * a screen reader knows, in which the arrow keys reach every task. Where tasks have flows inside it is a tree, whose rows
 * unfold; what is sorted or looked for stands in it flat, each task with its whole path, folded or not.
 */

import { NONE } from "../src/html/page-data.ts";
import { duration } from "../src/wording/duration.ts";
import { STATUS_SIGN } from "../src/wording/outcome.ts";
import { element, fill } from "./element.ts";
import type { Run } from "./run.ts";
import { Tree } from "./tree.ts";

const ROW = 32;
const SPARE = 6;
/** Steps that are indented. */
const DEEPEST = 6;
/** Browsers give up at some thirty million pixels. */
const TALLEST = 30_000_000;

interface Column {
  readonly name: string;
  readonly className: string;
  readonly text: (run: Run, task: number) => string;
  readonly order: (run: Run, task: number) => number | string;
}

const COLUMNS: readonly Column[] = [
  {
    name: "status",
    className: "status",
    text: (run, task) => run.look(task),
    order: (run, task) => run.data.tasks.status[task] ?? 0,
  },
  {
    name: "task",
    className: "name",
    text: (run, task) => run.name(task),
    order: (run, task) => run.name(task),
  },
  time("ready", ({ readyUs }) => readyUs),
  time("started", ({ startUs }) => startUs),
  time("ended", ({ endUs }) => endUs),
  time("waited", ({ queuedUs }) => queuedUs),
  time("ran", ({ runUs }) => runUs),
  {
    name: "attempts",
    className: "number attempts",
    text: (run, task) => String(run.attemptsOf(task).length || ""),
    order: (run, task) => run.attemptsOf(task).length,
  },
];

function time(name: string, column: (tasks: Run["data"]["tasks"]) => readonly number[]): Column {
  return {
    name,
    className: `number ${name}`,
    text: (run, task) => {
      const us = column(run.data.tasks)[task] ?? NONE;
      const silent = us === NONE || (us === 0 && run.attemptsOf(task).length === 0);
      return silent ? "" : duration(us / 1000);
    },
    order: (run, task) => column(run.data.tasks)[task] ?? NONE,
  };
}

export class Grid {
  readonly box: HTMLElement;
  /** With what is said where no task is shown. */
  readonly frame: HTMLElement;
  readonly #nothing: HTMLElement;
  readonly #run: Run;
  readonly #chosen: (task: number, clicked: boolean) => void;
  readonly #opened: () => void;
  readonly #tree: Tree | undefined;
  readonly #body: HTMLElement;
  readonly #headers: readonly HTMLElement[];
  #matches: Uint8Array;
  #shown: number[];
  #sorted = NONE;
  #descending = false;
  /** While the rows stand as a tree. */
  #unfolding: Tree | undefined;
  #active = NONE;

  /** `chosen`: the reader moved to a task, with a click or with the keys; `opened`: and wants to read about it. */
  constructor(run: Run, chosen: (task: number, clicked: boolean) => void, opened: () => void) {
    this.#run = run;
    this.#chosen = chosen;
    this.#opened = opened;
    this.#tree = run.nested ? new Tree(run) : undefined;
    this.#matches = new Uint8Array(run.taskCount).fill(1);
    this.#shown = [];
    this.#headers = COLUMNS.map(({ name, className }, place) => {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => this.#sort(place));
      return element(
        "div",
        { role: "columnheader", class: className, "aria-sort": "none", "aria-colindex": place + 1 },
        button,
      );
    });
    this.#body = element("div", { class: "body", role: "rowgroup" });
    this.#nothing = element("p", { class: "nothing", hidden: true }, "No task matches.");
    this.frame = element("div", { class: "framed" });
    this.box = element(
      "div",
      {
        class: "grid",
        role: this.#tree === undefined ? "grid" : "treegrid",
        tabindex: 0,
        "aria-labelledby": "tasks-title",
        "aria-colcount": COLUMNS.length,
        "aria-describedby": "grid-keys",
      },
      element(
        "div",
        { class: "headers", role: "rowgroup" },
        element("div", { role: "row", class: "row", "aria-rowindex": 1 }, ...this.#headers),
      ),
      this.#body,
    );
    this.frame.append(this.box, this.#nothing);
    this.box.addEventListener("scroll", () => this.#render(), { passive: true });
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#render()).observe(this.box);
    this.#arrange();
  }

  show(matches: Uint8Array): void {
    this.#matches = matches;
    this.#arrange();
  }

  select(task: number): void {
    if (this.#tree?.reveal(task) === true) this.#arrange();
    this.#active = this.#shown.indexOf(task);
    this.#reveal();
    this.#render();
  }

  #sort(place: number): void {
    if (this.#sorted !== place) {
      this.#sorted = place;
      // Of numbers the largest are looked for, of words the first.
      this.#descending = COLUMNS[place]?.className.startsWith("number") === true;
    } else if (this.#descending === COLUMNS[place]?.className.startsWith("number")) {
      this.#descending = !this.#descending;
    } else this.#sorted = NONE;
    this.#headers.forEach((header, index) => {
      header.setAttribute(
        "aria-sort",
        index !== this.#sorted ? "none" : this.#descending ? "descending" : "ascending",
      );
    });
    this.#arrange();
  }

  #arrange(): void {
    const task = this.#shown[this.#active] ?? NONE;
    const shown: number[] = [];
    for (let one = 0; one < this.#run.taskCount; one++)
      if (this.#matches[one] === 1) shown.push(one);
    const column = COLUMNS[this.#sorted];
    const whole = shown.length === this.#run.taskCount;
    this.#unfolding = column === undefined && whole ? this.#tree : undefined;
    if (this.#unfolding !== undefined) this.#shown = this.#unfolding.rows();
    else if (column !== undefined) {
      const keys = shown.map((one) => ({ one, key: column.order(this.#run, one) }));
      const sign = this.#descending ? -1 : 1;
      keys.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : a.one - b.one));
      this.#shown = keys.map(({ one }) => one);
    } else this.#shown = shown;
    this.#active = this.#shown.indexOf(task);
    this.box.setAttribute("aria-rowcount", String(this.#shown.length + 1));
    this.#nothing.hidden = this.#shown.length > 0;
    const height = Math.min(TALLEST, Math.max(2, this.#shown.length) * ROW);
    this.#body.style.height = `${height}px`;
    this.box.style.maxHeight = `${Math.max(320, Math.round(window.innerHeight * 0.7))}px`;
    this.#render();
  }

  #render(): void {
    const height = this.box.clientHeight || 600;
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - SPARE);
    const last = Math.min(
      this.#shown.length,
      Math.ceil((this.box.scrollTop + height) / ROW) + SPARE,
    );
    const rows: HTMLElement[] = [];
    for (let place = first; place < last; place++) rows.push(this.#row(place));
    fill(this.#body, ...rows);
    if (this.#active >= first && this.#active < last)
      this.box.setAttribute("aria-activedescendant", `row-${this.#active}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  #row(place: number): HTMLElement {
    const run = this.#run;
    const task = this.#shown[place] ?? 0;
    const status = run.status(task);
    const cells = COLUMNS.map(({ className, text }, index) => {
      const cell = element("div", {
        role: "gridcell",
        class: className,
        "aria-colindex": index + 1,
      });
      if (index === 0) {
        cell.append(
          element("span", { class: "sign", "aria-hidden": "true" }, STATUS_SIGN[status]),
          element("span", { class: "word" }, text(run, task)),
        );
        cell.classList.add("mark", text(run, task));
      } else if (index === 1) cell.append(element("span", { class: "label" }, text(run, task)));
      else cell.textContent = text(run, task);
      if (index === 1) this.#nameCell(cell, task);
      return cell;
    });
    const row = element(
      "div",
      {
        role: "row",
        class: "row",
        id: `row-${place}`,
        "aria-rowindex": place + 2,
        "aria-selected": place === this.#active,
        "data-place": place,
      },
      ...cells,
    );
    if (run.isCritical(task)) row.classList.add("critical");
    const open = this.#unfolding?.isOpen(task);
    if (this.#unfolding !== undefined) {
      row.setAttribute("aria-level", String(this.#unfolding.level(task)));
      if (open !== undefined) row.setAttribute("aria-expanded", String(open));
    }
    row.style.transform = `translateY(${place * ROW}px)`;
    return row;
  }

  /** Beside the name: how deep it is, what unfolds it, and what is inside. */
  #nameCell(cell: HTMLElement, task: number): void {
    const tree = this.#unfolding;
    if (tree !== undefined) {
      const open = tree.isOpen(task);
      cell.style.paddingLeft = `${12 + Math.min(DEEPEST, tree.level(task) - 1) * 16}px`;
      const sign = open === undefined ? "" : open ? "▾" : "▸";
      const twisty = element("span", { class: "twisty", "aria-hidden": "true" }, sign);
      if (open !== undefined) twisty.dataset.fold = "";
      cell.prepend(twisty);
    }
    const summary = this.#tree?.summary(task) ?? "";
    if (summary !== "")
      cell.append(element("span", { class: "sr" }, ", "), element("small", {}, summary));
    if (this.#run.isCritical(task))
      cell.append(element("span", { class: "sr" }, ", on the critical path"));
  }

  #click(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : undefined;
    const row = target?.closest("[data-place]");
    if (row === null || row === undefined) return;
    const place = Number(row.getAttribute("data-place"));
    if (target?.closest("[data-fold]") == null) this.#move(place, true);
    else this.#toggle(place);
  }

  #toggle(place: number): void {
    this.#unfolding?.toggle(this.#shown[place] ?? NONE);
    this.#arrange();
  }

  /** As in every tree: right unfolds, then goes inside; left folds, then goes out. Whether the key was for that. */
  #turn(key: string): boolean {
    const tree = this.#unfolding;
    const task = this.#shown[this.#active];
    if (tree === undefined || task === undefined) return false;
    const open = tree.isOpen(task);
    if (key === "ArrowRight") {
      if (open === false) this.#toggle(this.#active);
      else if (open === true) this.#move(this.#active + 1);
      return true;
    }
    if (key !== "ArrowLeft") return false;
    const [around = NONE] = this.#run.around(task);
    if (open === true) this.#toggle(this.#active);
    else if (around !== NONE) this.#move(this.#shown.indexOf(around));
    return true;
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.box) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 2);
    const to: Record<string, number> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: this.#shown.length - 1,
    };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (this.#active === NONE) this.#move(0);
      this.#opened();
      return;
    }
    if (this.#turn(event.key)) {
      event.preventDefault();
      return;
    }
    const place = to[event.key];
    if (place === undefined) return;
    event.preventDefault();
    this.#move(place);
  }

  #move(place: number, clicked: boolean = false): void {
    if (this.#shown.length === 0) return;
    this.#active = Math.max(0, Math.min(this.#shown.length - 1, place));
    this.#reveal();
    this.#render();
    this.#chosen(this.#shown[this.#active] ?? 0, clicked);
  }

  #reveal(): void {
    if (this.#active === NONE) return;
    const top = this.#active * ROW;
    const { scrollTop, clientHeight } = this.box;
    const room = clientHeight - ROW;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + ROW > scrollTop + room) this.box.scrollTop = top + ROW - room;
  }
}
