/**
 * The panel "What if": sliders and switches for what the run was given, and what it would take with that, at once. The
 * machine answers (`machine.ts`); the timeline draws what it said. What is as it was is no question.
 */
import type { Change } from "@astrum/core/whatif";
import { ATTEMPT_STATUSES } from "../src/html/page-data.ts";
import type { StudyFacts } from "../src/html/study-facts.ts";
import { duration } from "../src/wording/duration.ts";
import type { Answer } from "./answering.ts";
import { byId, element, fill } from "./element.ts";
import { changeOf, type Lever, leversOf } from "./levers.ts";
import { Machine } from "./machine.ts";
import type { Run } from "./run.ts";
import { spoken, told, valueText } from "./what-if-words.ts";

/** So many sliders at once; the others unfold. */
const SHOWN = 6;

export interface PanelOwner {
  /** The simulated run; nothing as it ran. */
  simulated(answer: Answer | undefined): void;
  /** To a screen reader, when the moving has come to rest. */
  say(text: string): void;
}

/** Puts the panel in its place; nothing on a page whose run cannot be tried. */
export function openPanel(run: Run, owner: PanelOwner): void {
  const { study } = run.data;
  if (study !== undefined) new Panel(run, study, owner).open(byId("what-if"));
}

class Panel {
  readonly #study: StudyFacts;
  readonly #owner: PanelOwner;
  readonly #machine: Machine | undefined;
  readonly #levers: readonly Lever[];
  readonly #sliders: readonly Slider[];
  readonly #longestFirst: HTMLInputElement;
  readonly #noFailures: HTMLInputElement | undefined;
  readonly #noStages: HTMLInputElement | undefined;
  readonly #answer: HTMLElement = element("div", { class: "answer" });
  #spoken = false;

  constructor(run: Run, study: StudyFacts, owner: PanelOwner) {
    this.#study = study;
    this.#owner = owner;
    const failed = run.data.attempts.status.some((one) => ATTEMPT_STATUSES[one] === "failed");
    this.#levers = leversOf(run, study);
    this.#sliders = this.#levers.map((lever, at) => new Slider(lever, at, () => this.#changed()));
    const turn = (): void => this.#changed();
    this.#longestFirst = toggle(study.config.longestFirst === true, turn);
    this.#noFailures = failed ? toggle(false, turn) : undefined;
    this.#noStages = study.config.dispatch === "stages" ? toggle(false, turn) : undefined;
    this.#machine = Machine.find(run.data, {
      answer: (change, answer) => this.#show(change, answer),
      fault: (message) => {
        const text = `It cannot be simulated: ${message}`;
        fill(this.#answer, element("p", { class: "hint" }, text));
        // What was drawn is the answer to another question.
        owner.simulated(undefined);
        if (this.#spoken) owner.say(text);
      },
    });
  }

  open(section: HTMLElement): void {
    section.hidden = false;
    // Without a script there is nothing that a link could lead to.
    document
      .querySelector('.contents a[href="#timeline"]')
      ?.parentElement?.before(element("li", {}, element("a", { href: "#what-if" }, "What if")));
    if (this.#machine === undefined) {
      section.append(
        element(
          "p",
          { class: "hint" },
          "Where this page was opened, the script that would run it again was not let in.",
        ),
      );
      return;
    }
    const back = element("button", { type: "button", class: "back" }, "As it ran");
    back.addEventListener("click", () => this.#reset());
    const boxes = this.#sliders.map(({ box }) => box);
    const more = boxes.slice(SHOWN);
    section.append(
      element(
        "p",
        { class: "hint" },
        "The run once more, on paper: the machine that scheduled it, with what each task took and other numbers.",
      ),
      element(
        "div",
        { class: "trial" },
        element(
          "div",
          { class: "controls", role: "group", "aria-labelledby": "what-if-title" },
          ...boxes.slice(0, SHOWN),
          more.length > 0 &&
            element(
              "details",
              { class: "more" },
              element("summary", {}, `${more.length} more`),
              ...more,
            ),
          element(
            "div",
            { class: "switches" },
            switched(this.#longestFirst, "the longest path first"),
            this.#noFailures && switched(this.#noFailures, "nothing failed"),
            this.#noStages && switched(this.#noStages, "no waiting for stages"),
            back,
          ),
        ),
        this.#answer,
      ),
    );
    this.#ask();
  }

  #changed(): void {
    this.#spoken = true;
    this.#ask();
  }

  #ask(): void {
    this.#machine?.ask(this.#change());
  }

  #change(): Change {
    return changeOf(
      this.#levers,
      this.#sliders.map(({ place }) => place),
      {
        longestFirst: this.#longestFirst.checked,
        noFailures: this.#noFailures?.checked === true,
        noStages: this.#noStages?.checked === true,
      },
      this.#study,
    );
  }

  #reset(): void {
    for (const slider of this.#sliders) slider.reset();
    this.#longestFirst.checked = this.#study.config.longestFirst === true;
    if (this.#noFailures !== undefined) this.#noFailures.checked = false;
    if (this.#noStages !== undefined) this.#noStages.checked = false;
    this.#changed();
  }

  #show(change: Change, answer: Answer): void {
    const unchanged = Object.keys(change).length === 0;
    const more = this.#sliders.some((slider) => slider.isMore);
    const text = told(answer, change, this.#study, more);
    const { takes, error, gain, better, bound, notes, paste } = text;
    fill(
      this.#answer,
      element(
        "p",
        { class: "takes" },
        element("b", {}, takes),
        error !== "" && element("span", {}, ` ${error}`),
      ),
      element("p", { class: `gain better-${better}` }, gain),
      this.#picture(answer, unchanged),
      element("p", { class: "hint" }, bound),
      ...notes.map((note) => element("p", { class: "hint" }, note)),
      paste !== undefined && element("p", { class: "hint" }, element("code", {}, paste)),
      !unchanged &&
        element(
          "p",
          { class: "hint ghosts" },
          element("span", { class: "sample ghost", "aria-hidden": "true" }),
          "in the timeline: where each task would be",
        ),
    );
    this.#answer.dataset.place = this.#machine?.place ?? "";
    this.#owner.simulated(unchanged ? undefined : answer);
    if (this.#spoken) this.#owner.say(spoken(text));
  }

  /** Both lengths on one scale. */
  #picture({ makespanUs, asRunUs }: Answer, unchanged: boolean): HTMLElement {
    const longest = Math.max(1, makespanUs, asRunUs);
    const bar = (look: string, what: string, us: number): HTMLElement => {
      const line = element("span", { class: `bar ${look}`, "aria-hidden": "true" });
      line.style.width = `${Math.max(0.5, (100 * us) / longest)}%`;
      return element(
        "li",
        {},
        element("span", {}, what),
        line,
        element("b", {}, duration(us / 1000)),
      );
    };
    return element(
      "ul",
      { class: "lengths" },
      bar("as-run", "unchanged", asRunUs),
      !unchanged && bar("what-if", "what if", makespanUs),
    );
  }
}

/** One lever: a range whose steps are places in its values, with its label and what it is set to. */
class Slider {
  readonly box: HTMLElement;
  readonly #lever: Lever;
  readonly #input: HTMLInputElement;
  readonly #value: HTMLElement;

  constructor(lever: Lever, at: number, changed: () => void) {
    this.#lever = lever;
    const id = `lever-${at}`;
    this.#input = element("input", {
      type: "range",
      id,
      min: 0,
      max: lever.values.length - 1,
      step: 1,
      value: lever.had,
    });
    // The slider itself says its value to a screen reader.
    this.#value = element("span", { class: "value", "aria-hidden": true });
    this.#input.addEventListener("input", () => {
      this.#tell();
      changed();
    });
    const label = element("label", { for: id });
    if (lever.kind === "slots") label.append("slots");
    else
      label.append(
        lever.kind === "map" ? "items at once of " : "",
        element("code", {}, lever.label),
      );
    this.box = element("div", { class: "lever" }, label, this.#value, this.#input);
    this.#tell();
  }

  get place(): number {
    return Number(this.#input.value);
  }

  /** Whether it lets more run at once than there did. */
  get isMore(): boolean {
    return this.place > this.#lever.had;
  }

  reset(): void {
    this.#input.value = String(this.#lever.had);
    this.#tell();
  }

  #tell(): void {
    const { had } = this.#lever;
    const text = valueText(this.#lever, this.place);
    this.#input.setAttribute("aria-valuetext", text);
    fill(
      this.#value,
      text,
      this.place !== had && element("small", {}, ` had ${valueText(this.#lever, had)}`),
    );
  }
}

function toggle(on: boolean, changed: () => void): HTMLInputElement {
  const one = element("input", { type: "checkbox", role: "switch", checked: on });
  one.addEventListener("change", changed);
  return one;
}

function switched(input: HTMLInputElement, text: string): HTMLElement {
  return element("label", { class: "switch" }, input, element("span", {}, text));
}
