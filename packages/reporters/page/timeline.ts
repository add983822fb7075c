/**
 * The timeline: a head with the time axis and two charts, and rows that scroll under it. It is looked at with the wheel, by
 * dragging, with two fingers or with the keyboard, and tells which task was chosen. The list of all tasks holds the same for
 * those who cannot see it.
 */

import { NONE } from "../src/html/page-data.ts";
import { plural } from "../src/wording/counts.ts";
import { type Colouring, type Colours, coloursOf } from "./colours.ts";
import { element } from "./element.ts";
import { type Ghosts, withSlots } from "./ghosts.ts";
import { running, waiting } from "./load.ts";
import { GHOST_ROOM } from "./paint-ghosts.ts";
import { HEAD_HEIGHT, paintHead } from "./paint-head.ts";
import { paintRows } from "./paint-rows.ts";
import { type Palette, palette } from "./palette.ts";
import { Pointing } from "./pointing.ts";
import {
  firstEndingAfter,
  type GroupHead,
  type Grouping,
  type Row,
  rowsOf,
  usualGrouping,
} from "./rows.ts";
import type { Run } from "./run.ts";
import type { Scene } from "./scene.ts";
import { Surface } from "./surface.ts";
import { moveFor } from "./timeline-keys.ts";
import { tipText } from "./tip.ts";
import { View } from "./view.ts";

export interface TimelineOwner {
  /** A task, or `NONE` when the reader pointed at nothing. */
  chosen(task: number): void;
  /** Another part of the time is in sight. */
  moved(): void;
}

export class Timeline {
  readonly box: HTMLElement;
  readonly #run: Run;
  readonly #owner: TimelineOwner;
  readonly #view: View;
  readonly #head: Surface;
  readonly #body: Surface;
  readonly #scroller: HTMLElement;
  readonly #tall: HTMLElement;
  readonly #tip: HTMLElement;
  readonly #nothing: HTMLElement;
  readonly #load: { running: ReturnType<typeof running>; waiting: ReturnType<typeof waiting> };
  #palette: Palette;
  #grouping: Grouping;
  #colours: Colours;
  /** Whether groups are unfolded, and those that are not as the others. */
  #unfolded = false;
  readonly #turned: Set<string> = new Set();
  #rows: readonly Row[] = [];
  #rowOf: Int32Array;
  #rowHeight = 22;
  #matches: Uint8Array;
  #selected = NONE;
  #hovered = NONE;
  #ghosts: Ghosts | undefined;
  #asked = 0;

  constructor(run: Run, owner: TimelineOwner) {
    this.#run = run;
    this.#owner = owner;
    this.#view = new View(run.data.endUs);
    this.#load = { running: running(run.data), waiting: waiting(run.data) };
    this.#rowOf = new Int32Array(run.attemptCount);
    this.#matches = new Uint8Array(run.taskCount).fill(1);
    this.#grouping = usualGrouping(run);
    this.#colours = coloursOf(run, "outcome");
    this.#palette = palette();
    const head = element("canvas", { class: "head", "aria-hidden": "true" });
    const body = element("canvas", {
      tabindex: 0,
      role: "img",
      "aria-describedby": "timeline-keys",
    });
    this.#tall = element("div", { class: "tall" }, body);
    this.#scroller = element("div", { class: "rows" }, this.#tall);
    this.#tip = element("div", { class: "tip", hidden: true });
    this.#nothing = element("p", { class: "nothing", hidden: true }, "Nothing that ran matches.");
    this.box = element(
      "div",
      { class: "timeline" },
      head,
      this.#scroller,
      this.#nothing,
      this.#tip,
    );
    this.#head = new Surface(head);
    this.#body = new Surface(body);
    this.#listen(body);
    this.#lay();
  }

  get grouping(): Grouping {
    return this.#grouping;
  }

  group(grouping: Grouping): void {
    this.#grouping = grouping;
    this.unfold(false);
    this.#scroller.scrollTop = 0;
  }

  /** All groups, or none. */
  unfold(all: boolean): void {
    this.#unfolded = all;
    this.#turned.clear();
    this.#lay();
  }

  colour(colouring: Colouring): readonly string[] {
    this.#colours = coloursOf(this.#run, colouring);
    this.draw();
    return this.#colours.names;
  }

  /** Of all rows those of these tasks. */
  show(matches: Uint8Array): void {
    this.#matches = matches;
    this.#lay();
  }

  /** `reveal`: brings it into sight; not for what was chosen in the timeline itself. */
  select(task: number, reveal: boolean): void {
    this.#selected = task;
    if (reveal && task !== NONE) this.#reveal(task);
    this.draw();
  }

  #reveal(task: number): void {
    this.#unfoldTo(task);
    const attempts = this.#run.attemptsOf(task);
    const [first] = attempts;
    const last = attempts.at(-1);
    const { startUs, endUs } = this.#run.data.attempts;
    if (first !== undefined && last !== undefined)
      this.#view.reveal(startUs[first] ?? 0, endUs[last] ?? 0);
    const row =
      first === undefined
        ? this.#rows.findIndex((one) => one.task === task)
        : (this.#rowOf[first] ?? NONE);
    if (row === NONE) return;
    const y = row * this.#rowHeight;
    const { scrollTop, clientHeight } = this.#scroller;
    if (y < scrollTop || y + this.#rowHeight > scrollTop + clientHeight)
      this.#scroller.scrollTop = y - clientHeight / 2;
  }

  /** Unfolds what its first attempt is folded in, one in another. */
  #unfoldTo(task: number): void {
    const [first] = this.#run.attemptsOf(task);
    if (first === undefined) return;
    for (;;) {
      const head: GroupHead | undefined = this.#rows[this.#rowOf[first] ?? NONE]?.head;
      if (head === undefined || head.open) return;
      this.#turn(head.key);
    }
  }

  /** Beside the run as it was, the one that it would be; the axis reaches to the end of both. */
  simulate(ghosts: Ghosts | undefined): void {
    const roomy = (this.#ghosts === undefined) !== (ghosts === undefined);
    const slots = ghosts?.slots !== this.#ghosts?.slots;
    this.#ghosts = ghosts;
    this.#view.reach(Math.max(this.#run.data.endUs, ghosts?.lastUs ?? 0));
    if (roomy || (slots && this.#grouping === "slot")) this.#lay();
    this.draw();
  }

  #turn(key: string): void {
    if (!this.#turned.delete(key)) this.#turned.add(key);
    this.#lay();
  }

  /** The part of the time that is in sight, in whole microseconds; undefined for all of it. */
  get span(): readonly [fromUs: number, toUs: number] | undefined {
    const { fromUs, toUs, isWhole } = this.#view;
    return isWhole ? undefined : [Math.round(fromUs), Math.round(toUs)];
  }

  set span(span: readonly [fromUs: number, toUs: number] | undefined) {
    if (span === undefined) this.#view.reset();
    else this.#view.show(...span);
    this.draw();
  }

  reset(): void {
    this.#view.reset();
    this.#moved();
  }

  zoom(factor: number): void {
    this.#view.zoom(factor, (this.#view.left + this.#view.right) / 2);
    this.#moved();
  }

  #moved(): void {
    this.draw();
    this.#owner.moved();
  }

  /** Colours changed. */
  repaint(): void {
    this.#palette = palette();
    this.draw();
  }

  draw(): void {
    if (this.#asked !== 0) return;
    this.#asked = requestAnimationFrame(() => {
      this.#asked = 0;
      this.#paint();
    });
  }

  /** To its place and size on the page. */
  fit(): void {
    const width = this.box.clientWidth;
    if (width === 0) return;
    const height = this.#scroller.clientHeight;
    const inner = this.#scroller.clientWidth;
    const named = this.#grouping !== "slot";
    const gutter = Math.round(Math.min(named ? 220 : 92, inner * (named ? 0.32 : 0.24)));
    this.#view.place(gutter, inner - gutter - 10);
    this.#head.resize(inner, HEAD_HEIGHT);
    this.#body.resize(inner, Math.max(40, height));
    this.draw();
  }

  #lay(): void {
    const rows = rowsOf(this.#run, this.#grouping, {
      isOpen: (key) => this.#unfolded !== this.#turned.has(key),
      matches: this.#matches,
    });
    this.#rows = this.#grouping === "slot" ? withSlots(rows, this.#ghosts) : rows;
    this.#rowOf.fill(NONE);
    this.#rows.forEach(({ attempts, head }, place) => {
      for (const attempt of attempts) this.#rowOf[attempt] = place;
      if (head !== undefined && !head.open)
        for (const attempt of head.members) this.#rowOf[attempt] = place;
    });
    const rowCount = this.#rows.length;
    this.#rowHeight = rowCount <= 12 ? 26 : rowCount <= 24 ? 22 : 18;
    if (this.#ghosts !== undefined) this.#rowHeight += GHOST_ROOM;
    this.box.dataset.rows = String(rowCount);
    this.#body.canvas.setAttribute(
      "aria-label",
      `Timeline of ${plural(this.#run.attemptCount, "attempt")} in ${plural(rowCount, "row")}. The list of all tasks below holds the same.`,
    );
    this.#nothing.hidden = rowCount > 0;
    const whole = Math.max(2, rowCount) * this.#rowHeight;
    this.#tall.style.height = `${whole}px`;
    this.#scroller.style.height = `${Math.min(whole, Math.max(240, Math.round(window.innerHeight * 0.6)))}px`;
    this.fit();
  }

  #paint(): void {
    paintHead(this.#head, this.#view, this.#load, this.#palette);
    paintRows(this.#body, this.#view, this.#scene(), this.#palette);
  }

  #scene(): Scene {
    return {
      run: this.#run,
      rows: this.#rows,
      rowOf: this.#rowOf,
      rowHeight: this.#rowHeight,
      top: this.#scroller.scrollTop,
      colours: this.#colours,
      selected: this.#selected,
      hovered: this.#hovered,
      ghosts: this.#ghosts,
    };
  }

  #listen(body: HTMLCanvasElement): void {
    new ResizeObserver(() => this.fit()).observe(this.#scroller);
    this.#scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new Pointing(body, {
      pan: (dx, dy) => {
        this.#view.pan(-dx);
        this.#scroller.scrollTop -= dy;
        this.#moved();
      },
      zoom: (factor, x) => {
        this.#view.zoom(factor, x);
        this.#moved();
      },
      click: (x, y) => this.#click(x, y),
      hover: (x, y) => this.#hover(x, y),
      leave: () => this.#hover(-1, -1),
      reset: () => this.reset(),
      hint: (shown) => this.box.classList.toggle("hinting", shown),
    });
    body.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const known = moveFor(event.key, {
      view: this.#view,
      scroll: (rows) => this.#scroller.scrollBy(0, rows * this.#rowHeight),
      zoom: (factor) => this.zoom(factor),
    });
    if (!known) return;
    event.preventDefault();
    this.#moved();
  }

  #click(x: number, y: number): void {
    const row = this.#rowAt(y);
    if (row?.head !== undefined) {
      this.#turn(row.head.key);
      return;
    }
    const attempt = this.#attemptAt(row, x);
    const task = attempt === undefined ? row?.task : this.#run.data.attempts.task[attempt];
    this.#owner.chosen(task ?? NONE);
  }

  #hover(x: number, y: number): void {
    const attempt = x < 0 ? undefined : this.#attemptAt(this.#rowAt(y), x);
    const task = attempt === undefined ? NONE : (this.#run.data.attempts.task[attempt] ?? NONE);
    this.#tip.hidden = attempt === undefined;
    if (attempt !== undefined) {
      this.#tip.textContent = tipText(this.#run, attempt);
      const left = Math.min(x + 14, Math.max(0, this.box.clientWidth - this.#tip.offsetWidth - 4));
      this.#tip.style.transform = `translate(${left}px, ${HEAD_HEIGHT + y + 18}px)`;
    }
    if (task !== this.#hovered) {
      this.#hovered = task;
      this.draw();
    }
    this.#body.canvas.classList.toggle(
      "pointing",
      attempt !== undefined || this.#rowAt(y)?.head !== undefined,
    );
  }

  #rowAt(y: number): Row | undefined {
    if (y < 0) return undefined;
    return this.#rows[Math.floor((y + this.#scroller.scrollTop) / this.#rowHeight)];
  }

  #attemptAt(row: Row | undefined, x: number): number | undefined {
    if (row === undefined || row.head !== undefined || x < this.#view.left) return undefined;
    const { startUs, endUs } = this.#run.data.attempts;
    // Two pixels of mercy for what is thinner than a finger.
    const at = firstEndingAfter(row.attempts, endUs, this.#view.us(x - 2));
    const attempt = row.attempts[at];
    return attempt !== undefined && (startUs[attempt] ?? 0) <= this.#view.us(x + 2)
      ? attempt
      : undefined;
  }
}
