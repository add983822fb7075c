/**
 * The script of the page: puts the timeline, the list and the details in their places and passes on what is chosen. What it
 * cannot do it leaves as it was: the page is whole without it.
 */
import { count } from "../src/html/counts.ts";
import { NONE } from "../src/html/page-data.ts";
import { copy, failureMarkdown } from "./copy.ts";
import { Details } from "./details.ts";
import { byId, element } from "./element.ts";
import { Filter } from "./filter.ts";
import { Ghosts } from "./ghosts.ts";
import { Grid } from "./grid.ts";
import { legend } from "./legend.ts";
import { readData } from "./read-data.ts";
import { groupKeys } from "./rows.ts";
import { Run } from "./run.ts";
import { Timeline } from "./timeline.ts";
import { Toolbar } from "./toolbar.ts";
import { openPanel } from "./what-if-panel.ts";

async function start(): Promise<void> {
  const data = await readData(byId("data"));
  if (data === undefined || document.getElementById("explorer") === null) return;
  const run = new Run(data);
  const page = new Page(run);
  page.open();
  document.documentElement.classList.add("live");
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
  // Nobody waits for it.
  window.setTimeout(() => page.tryOtherNumbers());
}

class Page {
  readonly #run: Run;
  readonly #timeline: Timeline;
  readonly #grid: Grid;
  readonly #details: Details;
  readonly #toolbar: Toolbar;
  #selected = NONE;
  #saying = 0;

  constructor(run: Run) {
    this.#run = run;
    const filter = new Filter(run);
    this.#timeline = new Timeline(run, (task) => this.#select(task, "timeline"));
    this.#grid = new Grid(
      run,
      (task) => this.#select(task, "grid"),
      () => this.#details.focus(),
    );
    this.#details = new Details(byId("details"), run, () => this.#leave());
    this.#toolbar = new Toolbar(run, {
      filter: (choice) => {
        const matches = filter.matches(choice);
        const filtered = matches.includes(0);
        this.#timeline.show(matches, filtered);
        this.#grid.show(matches);
        const shown = matches.reduce((sum, one) => sum + one, 0);
        byId("matches").textContent = filtered
          ? `${count(shown)} of ${count(run.taskCount)}`
          : count(run.taskCount);
        this.#say(filtered ? `${count(shown)} of ${count(run.taskCount)} tasks` : "All tasks");
      },
      group: (grouping) => {
        this.#timeline.group(grouping);
        this.#timeline.select(this.#selected, true);
      },
      fold: (open) => this.#timeline.unfold(open ? groupKeys(run, this.#timeline.grouping) : []),
      zoom: (factor) => this.#timeline.zoom(factor),
      reset: () => this.#timeline.reset(),
    });
  }

  open(): void {
    const explorer = byId("explorer");
    const tasks = byId("tasks");
    explorer.hidden = false;
    tasks.hidden = false;
    explorer.append(this.#toolbar.box);
    if (this.#run.attemptCount > 0) {
      explorer.append(
        this.#timeline.box,
        legend(this.#run),
        keys(
          "timeline-keys",
          "Drag to move, wheel to zoom after a click or with Ctrl, double-click or 0 for the whole run. With the keyboard: arrows, + and −.",
        ),
      );
      this.#timeline.fit();
    }
    tasks.append(
      this.#grid.box,
      keys(
        "grid-keys",
        `Arrow keys, Page Up and Down, Home and End reach every task; Enter goes to its details, Escape back.${this.#run.nested ? " Right unfolds what is inside of a task, left folds it." : ""}`,
      ),
    );
    for (const one of document.querySelectorAll<HTMLElement>("[data-copy]")) one.hidden = false;
    document.addEventListener("click", (event) => this.#click(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("hashchange", () => this.#follow());
    window
      .matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => this.#timeline.repaint());
    this.#follow();
  }

  tryOtherNumbers(): void {
    openPanel(this.#run, {
      simulated: (answer) =>
        this.#timeline.simulate(answer && new Ghosts(answer.attempts, answer.makespanUs)),
      say: (text) => this.#say(text),
    });
  }

  #select(task: number, from: "timeline" | "grid" | "link"): void {
    this.#selected = task;
    this.#details.show(task);
    document.documentElement.classList.toggle("selecting", task !== NONE);
    this.#timeline.select(task, from !== "timeline");
    if (from !== "grid") this.#grid.select(task);
    if (from !== "link") this.#remember(task);
  }

  /** In the address, so that it can be passed on; without a step in the history. */
  #remember(task: number): void {
    try {
      history.replaceState(
        null,
        "",
        task === NONE ? location.pathname + location.search : `#t=${task}`,
      );
    } catch {
      // A page in a sandbox has no history of its own.
    }
  }

  #follow(): void {
    const [, number] = /^#t=(\d+)$/.exec(location.hash) ?? [];
    if (number === undefined) return;
    const task = Number(number);
    if (task >= this.#run.taskCount) return;
    this.#select(task, "link");
    byId("timeline").scrollIntoView({ block: "start" });
  }

  #leave(): void {
    this.#select(NONE, "timeline");
    this.#grid.box.focus({ preventScroll: true });
  }

  #click(event: MouseEvent): void {
    if (!(event.target instanceof Element)) return;
    const link = event.target.closest("a.task");
    const copied = event.target.closest("[data-copy]");
    if (link !== null && link.getAttribute("href") === location.hash) this.#follow();
    if (copied !== null) void this.#copy(copied, Number(copied.getAttribute("data-copy")));
  }

  async #copy(button: Element, task: number): Promise<void> {
    const done = await copy(failureMarkdown(this.#run, task));
    const text = button.textContent;
    button.textContent = done ? "Copied" : "Cannot copy here";
    this.#say(button.textContent);
    window.setTimeout(() => {
      button.textContent = text;
    }, 1500);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writing =
      event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "Escape") {
      const inPane = event.target instanceof Node && byId("details").contains(event.target);
      if (inPane) this.#grid.box.focus({ preventScroll: true });
      else if (this.#selected !== NONE) this.#select(NONE, "timeline");
      else this.#toolbar.clear();
    } else if (event.key === "/" && !writing) {
      event.preventDefault();
      this.#toolbar.focus();
    } else if (event.key === "0" && !writing) this.#timeline.reset();
  }

  /** To a screen reader, when the typing has come to rest. */
  #say(text: string): void {
    window.clearTimeout(this.#saying);
    this.#saying = window.setTimeout(() => {
      byId("said").textContent = text;
    }, 300);
  }
}

function keys(id: string, text: string): HTMLElement {
  return element("p", { class: "hint keys", id }, text);
}

void start();
