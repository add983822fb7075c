/**
 * The script of the page: puts the timeline, the list and the details in their places and passes on what is chosen. What it
 * cannot do it leaves as it was: the page is whole without it.
 */

import { NONE } from "../src/html/page-data.ts";
import { count } from "../src/wording/counts.ts";
import { type Address, isAddress, readAddress, writeAddress } from "./address.ts";
import { Addressed } from "./addressed.ts";
import { offerCard } from "./card.ts";
import { copy, failureMarkdown } from "./copy.ts";
import { Details } from "./details.ts";
import { byId, element, fill } from "./element.ts";
import { Filter } from "./filter.ts";
import { Ghosts } from "./ghosts.ts";
import { GraphPicture } from "./graph.ts";
import { Grid } from "./grid.ts";
import { legend } from "./legend.ts";
import { tellLocalTime } from "./local-time.ts";
import { readData } from "./read-data.ts";
import { Run } from "./run.ts";
import { TaskNames } from "./task-names.ts";
import { offerTheme } from "./theme.ts";
import { Timeline } from "./timeline.ts";
import { tellOn } from "./told-button.ts";
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
  readonly #graph: GraphPicture;
  readonly #names: TaskNames;
  readonly #address: Addressed;
  #selected = NONE;
  #saying = 0;

  constructor(run: Run) {
    this.#run = run;
    const filter = new Filter(run);
    this.#names = new TaskNames(run);
    this.#graph = new GraphPicture(run, document.querySelector(".graph"));
    this.#timeline = new Timeline(run, {
      chosen: (task) => this.#choose(task, "timeline"),
      moved: () => this.#address.later(),
    });
    this.#grid = new Grid(
      run,
      (task, clicked) => {
        if (clicked) this.#choose(task, "grid");
        else {
          this.#select(task, "grid");
          this.#address.later();
        }
      },
      () => this.#details.focus(),
    );
    this.#details = new Details(
      byId("details"),
      run,
      (task) => this.#link(task),
      () => this.#leave(),
    );
    this.#toolbar = new Toolbar(run, {
      filter: (choice) => {
        const matches = filter.matches(choice);
        const filtered = matches.includes(0);
        this.#timeline.show(matches);
        this.#grid.show(matches);
        const shown = matches.reduce((sum, one) => sum + one, 0);
        byId("matches").textContent = filtered
          ? `${count(shown)} of ${count(run.taskCount)}`
          : count(run.taskCount);
        this.#address.later();
        this.#say(filtered ? `${count(shown)} of ${count(run.taskCount)} tasks` : "All tasks");
      },
      group: (grouping) => {
        this.#timeline.group(grouping);
        this.#timeline.select(this.#selected, true);
        this.#address.later();
      },
      colour: (colouring) => {
        fill(byId("legend"), legend(run, this.#timeline.colour(colouring)));
        this.#address.later();
      },
      fold: (open) => this.#timeline.unfold(open),
      zoom: (factor) => this.#timeline.zoom(factor),
      reset: () => this.#timeline.reset(),
    });
    this.#address = new Addressed({
      address: () => ({
        ...this.#addressOf(this.#selected),
        ...this.#toolbar.state,
        zoom: this.#timeline.span,
      }),
      show: (address) => this.#show(address),
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
        element("div", { id: "legend" }, legend(this.#run, [])),
        keys(
          "timeline-keys",
          "Drag to move, wheel to zoom after a click or with Ctrl, double-click or 0 for the whole run. With the keyboard: arrows, + and −.",
        ),
      );
      this.#timeline.fit();
    }
    tasks.append(
      this.#grid.frame,
      keys(
        "grid-keys",
        `Arrow keys, Page Up and Down, Home and End reach every task; Enter goes to its details, Escape back.${this.#run.nested ? " Right unfolds what is inside of a task, left folds it." : ""}`,
      ),
    );
    for (const one of document.querySelectorAll<HTMLElement>("[data-copy]")) one.hidden = false;
    offerCard((text) => this.#say(text));
    document.addEventListener("click", (event) => this.#click(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    offerTheme(document.querySelector(".contents"), () => this.#timeline.repaint());
    tellLocalTime(document.querySelector(".meta time"));
    this.#address.open();
  }

  /** With a step in the history: Back leads to what was chosen before. */
  #choose(task: number, from: "timeline" | "grid" | "link"): void {
    this.#select(task, from);
    this.#address.write(true);
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
    this.#graph.select(task);
    if (from !== "grid") this.#grid.select(task);
    byId("missing").hidden = true;
  }

  #addressOf(task: number): { task?: string | undefined; place?: number | undefined } {
    if (task === NONE) return {};
    const name = this.#names.nameOf(task);
    return name === undefined ? { place: task } : { task: name };
  }

  #show(address: Address): void {
    const { task: name, place } = address;
    this.#toolbar.set(address);
    const named = name === undefined ? undefined : this.#names.find(name);
    const task = named ?? (place !== undefined && place < this.#run.taskCount ? place : NONE);
    this.#select(task, "link");
    this.#timeline.span = address.zoom;
    if (task === NONE && name !== undefined) this.#miss(name);
    if (task === NONE && name === undefined && place !== undefined) this.#miss(`number ${place}`);
    if (name !== undefined || place !== undefined) byId("timeline").scrollIntoView();
  }

  /** The task of the address is not in this report. */
  #miss(name: string): void {
    const box = byId("missing");
    const near = this.#names.near(name);
    fill(
      box,
      "No task of this run is called ",
      element("code", {}, name),
      ": the link is of another run, or of another report.",
      ...near.flatMap((task, index) => [
        index === 0 ? " Is it " : index === near.length - 1 ? " or " : ", ",
        this.#link(task),
      ]),
      near.length > 0 && "?",
    );
    box.hidden = false;
  }

  #link(task: number): HTMLElement {
    const href = writeAddress(this.#addressOf(task));
    return element("a", { class: "task", href }, element("code", {}, this.#run.name(task)));
  }

  #leave(): void {
    this.#choose(NONE, "timeline");
    this.#grid.box.focus({ preventScroll: true });
  }

  #click(event: MouseEvent): void {
    if (!(event.target instanceof Element)) return;
    const href = event.target.closest("a")?.getAttribute("href") ?? "";
    const copied = event.target.closest("[data-copy]");
    if (isAddress(href) && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      // What is filtered and zoomed stays, which the address of the link knows nothing of.
      const { task: name = "", place } = readAddress(href);
      const task = this.#names.find(name) ?? place;
      if (task === undefined) return;
      event.preventDefault();
      this.#choose(task, "link");
      byId("timeline").scrollIntoView();
    }
    if (copied === null) return;
    const task = copied.getAttribute("data-copy") ?? "";
    const text = task === "link" ? this.#address.link : failureMarkdown(this.#run, Number(task));
    void this.#copy(copied, text);
  }

  async #copy(button: Element, wanted: string): Promise<void> {
    const said = (await copy(wanted)) ? "Copied" : "Cannot copy here";
    tellOn(button, said);
    this.#say(said);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writing =
      event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "Escape") {
      const inPane = event.target instanceof Node && byId("details").contains(event.target);
      if (inPane) this.#grid.box.focus({ preventScroll: true });
      else if (this.#selected !== NONE) this.#choose(NONE, "timeline");
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
