/** All there is to know about one task, beside the timeline and never over it. */

import { ATTEMPT_STATUSES, NONE } from "../src/html/page-data.ts";
import { count } from "../src/wording/counts.ts";
import { duration } from "../src/wording/duration.ts";
import { STATUS_SIGN } from "../src/wording/outcome.ts";
import { element, fill } from "./element.ts";
import { focusGraph } from "./focus-graph.ts";
import { rest } from "./rest.ts";
import type { Run } from "./run.ts";
import { whyLate } from "./why-late.ts";

const INSIDE_SHOWN = 9;

export class Details {
  readonly #pane: HTMLElement;
  readonly #run: Run;
  readonly #link: (task: number) => HTMLElement;
  readonly #close: () => void;

  /** `link`: a task by its name, which leads to it. */
  constructor(pane: HTMLElement, run: Run, link: (task: number) => HTMLElement, close: () => void) {
    this.#pane = pane;
    this.#run = run;
    this.#link = link;
    this.#close = close;
  }

  focus(): void {
    this.#pane.focus();
  }

  show(task: number): void {
    if (task === NONE) {
      this.#pane.hidden = true;
      fill(this.#pane);
      return;
    }
    const run = this.#run;
    const status = run.status(task);
    const { tasks } = run.data;
    const close = element(
      "button",
      { type: "button", class: "close", "aria-label": "Close the details" },
      "✕",
    );
    close.addEventListener("click", this.#close);
    const error = run.text(tasks.error[task]);
    const reason = error === "" ? run.text(tasks.reason[task]) : "";
    const blame = tasks.blame[task] ?? NONE;
    const note = run.text(tasks.note[task]);
    const log = run.text(tasks.log[task]);
    fill(
      this.#pane,
      element(
        "div",
        { class: "title" },
        element("h3", {}, element("code", {}, run.name(task))),
        element("button", { type: "button", "data-copy": "link" }, "Copy link"),
        close,
      ),
      element(
        "p",
        { class: `mark ${run.look(task)}` },
        element("span", { class: "sign", "aria-hidden": "true" }, STATUS_SIGN[status]),
        ` ${status}`,
        run.isTolerated(task) && ", tolerated",
        run.isFlaky(task) && " after failed attempts",
        run.isCritical(task) && element("span", { class: "chip" }, "on the critical path"),
      ),
      reason !== "" && element("p", { class: "reason" }, reason),
      blame !== NONE && blame !== task && this.#cause(blame),
      error !== "" && element("pre", {}, error),
      error !== "" &&
        element(
          "p",
          { class: "actions" },
          element("button", { type: "button", "data-copy": task }, "Copy as Markdown"),
        ),
      log !== "" && element("p", { class: "fallen" }, "What it said last:"),
      log !== "" && element("pre", { class: "log" }, log),
      this.#whyLate(task),
      this.#facts(task),
      ...this.#inside(task),
      this.#attempts(task),
      focusGraph(run, task, this.#link),
      note !== "" &&
        element(
          "ul",
          { class: "note" },
          ...note.split("\n").map((line) => element("li", {}, line)),
        ),
    );
    this.#pane.hidden = false;
    this.#pane.scrollTop = 0;
  }

  /** Of a map the item that failed it. */
  #cause(blame: number): HTMLElement {
    const first = this.#run.firstCause(blame);
    const within = first === blame ? [] : [", inside of ", this.#link(blame)];
    return element("p", {}, "The first cause: ", this.#link(first), ...within);
  }

  #whyLate(task: number): HTMLElement | undefined {
    const parts = whyLate(this.#run, task);
    return (
      parts &&
      element(
        "p",
        { class: "late" },
        ...parts.map((part) => (typeof part === "number" ? this.#link(part) : part)),
      )
    );
  }

  #facts(task: number): HTMLElement {
    const run = this.#run;
    const { tasks, attempts } = run.data;
    const list = element("dl", { class: "facts" });
    const add = (term: string, ...value: (Node | string)[]): void => {
      list.append(element("div", {}, element("dt", {}, term), element("dd", {}, ...value)));
    };
    const at = (us: number | undefined): string => duration((us ?? 0) / 1000);
    const parent = tasks.parent[task] ?? NONE;
    const flow = run.flow(task);
    add("kind", flow === "none" ? run.kind(task) : `${run.kind(task)}, ${flow}`);
    if (parent !== NONE)
      add(run.kind(task) === "item" ? "item of" : "inside of", this.#link(parent));
    const stage = tasks.stage[task] ?? NONE;
    if (stage !== NONE) add("stage", String(stage));
    if ((tasks.readyUs[task] ?? NONE) !== NONE) {
      const releasedBy = tasks.releasedBy[task] ?? NONE;
      add(
        "ready at",
        at(tasks.readyUs[task]),
        ...(releasedBy === NONE ? [] : [", released by ", this.#link(releasedBy)]),
      );
    }
    if ((tasks.startUs[task] ?? NONE) !== NONE) {
      const [first] = run.attemptsOf(task);
      const freedBy = first === undefined ? NONE : (attempts.slotFreedBy[first] ?? NONE);
      const limit = first === undefined ? "" : run.text(attempts.limitedBy[first]);
      add(
        "waited",
        at(tasks.queuedUs[task]),
        ...(limit === "" ? [] : [` for ${limit}`]),
        ...(freedBy === NONE ? [] : [", freed by ", this.#link(freedBy)]),
      );
      add("started at", at(tasks.startUs[task]));
    }
    if ((tasks.endUs[task] ?? NONE) !== NONE) {
      add("ended at", at(tasks.endUs[task]));
      const whole = tasks.durationUs[task] ?? 0;
      const ran = tasks.runUs[task] ?? 0;
      if (run.kind(task) === "map" || flow !== "none") add("took", at(whole));
      else
        add("ran", at(ran), ...(whole > ran ? [`, ${at(whole)} with back-off and waiting`] : []));
    }
    return list;
  }

  /** How much is inside, and the first of it, those that failed before others. */
  #inside(task: number): (HTMLElement | undefined)[] {
    const run = this.#run;
    const inside = run.insideOf(task);
    if (inside.length === 0) return [];
    const counts = new Map<string, number>();
    for (const one of inside) {
      const status = run.status(one);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    const words = Array.from(counts, ([status, number]) => `${count(number)} ${status}`).join(", ");
    const what = run.kind(task) === "map" ? "items" : "tasks inside";
    const sentence = element("p", {}, `${count(inside.length)} ${what}: ${words}.`);
    const failed = inside.filter((one) => run.status(one) === "failed");
    // Of the items of a map those that failed are worth a line.
    const others = run.folds(task) ? inside.filter((one) => run.status(one) !== "failed") : [];
    const first = [...failed, ...others];
    if (first.length === 0) return [sentence];
    const line = (one: number): HTMLElement => {
      const status = run.status(one);
      const look = run.look(one);
      return element(
        "li",
        {},
        element(
          "span",
          { class: `mark ${look}`, title: look },
          element("span", { class: "sign", "aria-hidden": "true" }, STATUS_SIGN[status]),
          element("span", { class: "sr" }, `${look} `),
        ),
        this.#link(one),
      );
    };
    const left = rest(first.slice(INSIDE_SHOWN), line);
    const list = element("ul", { class: "inside" }, ...first.slice(0, INSIDE_SHOWN).map(line));
    return left === false ? [sentence, list] : [sentence, list, left];
  }

  #attempts(task: number): HTMLElement | undefined {
    const run = this.#run;
    const own = run.attemptsOf(task);
    if (own.length < 2) {
      const [only] = own;
      const place = only === undefined ? "" : run.text(run.data.attempts.executor[only]);
      return place === ""
        ? undefined
        : element("p", {}, "Ran on ", element("code", {}, place), ".");
    }
    const { attempts } = run.data;
    const body = element("tbody");
    for (const attempt of own) {
      const status = ATTEMPT_STATUSES[attempts.status[attempt] ?? 0] ?? "completed";
      const ran = ((attempts.endUs[attempt] ?? 0) - (attempts.startUs[attempt] ?? 0)) / 1000;
      const delay = (attempts.delayUs[attempt] ?? 0) / 1000;
      const error = run.text(attempts.error[attempt]);
      const [title] = error.split("\n", 1);
      body.append(
        element(
          "tr",
          {},
          element("td", { class: "number" }, String(attempts.number[attempt])),
          element("td", { class: `mark ${status}` }, status),
          element("td", { class: "number" }, duration((attempts.startUs[attempt] ?? 0) / 1000)),
          element("td", { class: "number" }, duration(ran)),
          element(
            "td",
            {},
            [
              run.text(attempts.executor[attempt]),
              delay > 0 ? `then ${duration(delay)} back-off` : "",
              title ?? "",
            ]
              .filter((text) => text !== "")
              .join(" · "),
          ),
        ),
      );
    }
    const heads = ["attempt", "status", "at", "ran", ""].map((head) =>
      head === "" ? element("td") : element("th", { scope: "col" }, head),
    );
    return element(
      "table",
      { class: "attempts" },
      element("thead", {}, element("tr", {}, ...heads)),
      body,
    );
  }
}
