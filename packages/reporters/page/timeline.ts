/**
 * The timeline: a head with the time axis and two charts, and rows that scroll under it. It is looked at with the wheel, by
 * dragging, with two fingers or with the keyboard, and tells which task was chosen. The list of all tasks holds the same for
 * those who cannot see it.
 */

import { ATTEMPT_STATUSES, NONE } from "../src/html/page-data.ts";
import { duration } from "../src/wording/duration.ts";
import { element } from "./element.ts";
import { type Ghosts, withSlots } from "./ghosts.ts";
import { running, waiting } from "./load.ts";
import { GHOST_ROOM } from "./paint-ghosts.ts";
import { HEAD_HEIGHT, paintHead } from "./paint-head.ts";
import { paintRows } from "./paint-rows.ts";
import { type Palette, palette } from "./palette.ts";
import { Pointing } from "./pointing.ts";
import { firstEndingAfter, type GroupHead, type Grouping, type Row, rowsOf } from "./rows.ts";
import type { Run } from "./run.ts";
import type { Scene } from "./scene.ts";
import { Surface } from "./surface.ts";
import { View } from "./view.ts";

export class Timeline {
  readonly box: HTMLElement;
  readonly #run: Run;
  readonly #chosen: (task: number) => void;
  readonly #view: View;
  readonly #head: Surface;
  readonly #body: Surface;
  readonly #scroller: HTMLElement;
  readonly #tall: HTMLElement;
  readonly #tip: HTMLElement;
  readonly #load: { running: ReturnType<typeof running>; waiting: ReturnType<typeof waiting> };
  #palette: Palette;
  #grouping: Grouping = "slot";
  readonly #open: Set<string> = new Set();
  #rows: readonly Row[] = [];
  #rowOf: Int32Array;
  #rowHeight = 22;
  #matches: Uint8Array;
  #filtered = false;
  #selected = NONE;
  #hovered = NONE;
  #ghosts: Ghosts | undefined;
  #asked = 0;

  /** `chosen`: a task, or `NONE` when the reader pointed at nothing. */
  constructor(run: Run, chosen: (task: number) => void) {
    this.#run = run;
    this.#chosen = chosen;
    this.#view = new View(run.data.endUs);
    this.#load = { running: running(run.data), waiting: waiting(run.data) };
    this.#rowOf = new Int32Array(run.attemptCount);
    this.#matches = new Uint8Array(run.taskCount).fill(1);
    this.#palette = palette();
    const head = element("canvas", { class: "head", "aria-hidden": "true" });
    const body = element("canvas", {
      tabindex: 0,
      role: "img",
      "aria-label": `Timeline of ${run.attemptCount} attempts. The list of all tasks below holds the same.`,
      "aria-describedby": "timeline-keys",
    });
    this.#tall = element("div", { class: "tall" }, body);
    this.#scroller = element("div", { class: "rows" }, this.#tall);
    this.#tip = element("div", { class: "tip", hidden: true });
    this.box = element("div", { class: "timeline" }, head, this.#scroller, this.#tip);
    this.#head = new Surface(head);
    this.#body = new Surface(body);
    this.#listen(body);
    this.group("slot");
  }

  get grouping(): Grouping {
    return this.#grouping;
  }

  group(grouping: Grouping): void {
    this.#grouping = grouping;
    this.#open.clear();
    this.#lay();
    this.#scroller.scrollTop = 0;
  }

  unfold(keys: readonly string[]): void {
    this.#open.clear();
    for (const key of keys) this.#open.add(key);
    this.#lay();
  }

  show(matches: Uint8Array, filtered: boolean): void {
    this.#matches = matches;
    this.#filtered = filtered;
    this.draw();
  }

  /** `reveal`: brings it into sight; not for what was chosen in the timeline itself. */
  select(task: number, reveal: boolean): void {
    this.#selected = task;
    if (reveal) this.#unfoldTo(task);
    const attempts = task === NONE ? [] : this.#run.attemptsOf(task);
    const [first] = attempts;
    const last = attempts.at(-1);
    if (reveal && first !== undefined && last !== undefined) {
      const { startUs, endUs } = this.#run.data.attempts;
      this.#view.reveal(startUs[first] ?? 0, endUs[last] ?? 0);
      const y = (this.#rowOf[first] ?? 0) * this.#rowHeight;
      const { scrollTop, clientHeight } = this.#scroller;
      if (y < scrollTop || y + this.#rowHeight > scrollTop + clientHeight) {
        this.#scroller.scrollTop = y - clientHeight / 2;
      }
    }
    this.draw();
  }

  /** Unfolds what its first attempt is folded in, one in another. */
  #unfoldTo(task: number): void {
    const [first] = task === NONE ? [] : this.#run.attemptsOf(task);
    if (first === undefined || !this.#run.nested) return;
    for (;;) {
      const head: GroupHead | undefined = this.#rows[this.#rowOf[first] ?? 0]?.head;
      if (head === undefined || head.open || !head.members.includes(first)) return;
      this.#open.add(head.key);
      this.#lay();
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

  reset(): void {
    this.#view.reset();
    this.draw();
  }

  zoom(factor: number): void {
    this.#view.zoom(factor, (this.#view.left + this.#view.right) / 2);
    this.draw();
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
    const rows = rowsOf(this.#run, this.#grouping, this.#open);
    this.#rows = this.#grouping === "slot" ? withSlots(rows, this.#ghosts) : rows;
    this.#rowOf.fill(0);
    this.#rows.forEach(({ attempts, head }, place) => {
      for (const attempt of attempts) this.#rowOf[attempt] = place;
      if (head !== undefined && !head.open)
        for (const attempt of head.members) this.#rowOf[attempt] = place;
    });
    const count = this.#rows.length;
    this.#rowHeight = count <= 12 ? 26 : count <= 24 ? 22 : 18;
    if (this.#ghosts !== undefined) this.#rowHeight += GHOST_ROOM;
    const whole = Math.max(1, count) * this.#rowHeight;
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
      matches: this.#matches,
      filtered: this.#filtered,
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
        this.draw();
      },
      zoom: (factor, x) => {
        this.#view.zoom(factor, x);
        this.draw();
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
    const view = this.#view;
    const page = view.right - view.left;
    const does: Record<string, () => void> = {
      ArrowLeft: () => view.pan(-page / 6),
      ArrowRight: () => view.pan(page / 6),
      Home: () => view.pan(-1e9),
      End: () => view.pan(1e9),
      ArrowUp: () => this.#scroller.scrollBy(0, -this.#rowHeight),
      ArrowDown: () => this.#scroller.scrollBy(0, this.#rowHeight),
      "+": () => this.zoom(1 / 1.5),
      "=": () => this.zoom(1 / 1.5),
      "-": () => this.zoom(1.5),
    };
    const act = does[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
    this.draw();
  }

  #click(x: number, y: number): void {
    const row = this.#rowAt(y);
    if (row?.head !== undefined) {
      const { key, open } = row.head;
      if (open) this.#open.delete(key);
      else this.#open.add(key);
      this.#lay();
      return;
    }
    const attempt = this.#attemptAt(row, x);
    const task =
      attempt === undefined
        ? x < this.#view.left
          ? row?.task
          : undefined
        : this.#run.data.attempts.task[attempt];
    this.#chosen(task ?? NONE);
  }

  #hover(x: number, y: number): void {
    const attempt = x < 0 ? undefined : this.#attemptAt(this.#rowAt(y), x);
    const task = attempt === undefined ? NONE : (this.#run.data.attempts.task[attempt] ?? NONE);
    this.#tip.hidden = attempt === undefined;
    if (attempt !== undefined) {
      this.#tip.textContent = this.#tipText(attempt);
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

  #tipText(attempt: number): string {
    const { attempts } = this.#run.data;
    const task = attempts.task[attempt] ?? 0;
    const startUs = attempts.startUs[attempt] ?? 0;
    const number =
      this.#run.attemptsOf(task).length > 1 ? `, attempt ${attempts.number[attempt]}` : "";
    const lines = [
      `${this.#run.name(task)}${number}`,
      `${ATTEMPT_STATUSES[attempts.status[attempt] ?? 0]} · ran ${duration(((attempts.endUs[attempt] ?? 0) - startUs) / 1000)} from ${duration(startUs / 1000)}`,
    ];
    const queuedUs = attempts.queuedUs[attempt] ?? 0;
    if (queuedUs > 0) lines.push(`waited ${duration(queuedUs / 1000)}`);
    if (attempts.critical[attempt] === 1) lines.push("on the critical path");
    return lines.join("\n");
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
