/**
 * What the script adds to the picture of the graph: the chosen task stands out, and one Tab leads into it, from where the
 * arrow keys go from box to box. Its links are links without it.
 */
import { NONE } from "../src/html/page-data.ts";
import type { Run } from "./run.ts";

/** How much more it matters to go straight ahead than to go near. */
const STRAIGHT = 3;

interface Box {
  readonly link: SVGAElement;
  readonly x: number;
  readonly y: number;
  /** Ranges of tasks at the top. */
  readonly places: readonly (readonly [from: number, to: number])[];
}

export class GraphPicture {
  readonly #run: Run;
  readonly #boxes: readonly Box[];

  /** `picture`: its element, where there is one. */
  constructor(run: Run, picture: Element | null) {
    this.#run = run;
    this.#boxes = Array.from(picture?.querySelectorAll<SVGAElement>("a.box") ?? [], boxOf);
    this.#reachable(this.#boxes[0]);
    for (const box of this.#boxes) {
      box.link.addEventListener("keydown", (event) => this.#key(event, box));
    }
  }

  select(task: number): void {
    const top = task === NONE ? NONE : (this.#run.around(task).at(-1) ?? task);
    for (const { link, places } of this.#boxes) {
      const chosen = places.some(([from, to]) => from <= top && top <= to);
      link.classList.toggle("chosen", chosen);
      if (chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  #reachable(one: Box | undefined): void {
    for (const box of this.#boxes) box.link.setAttribute("tabindex", box === one ? "0" : "-1");
  }

  #key(event: KeyboardEvent, from: Box): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ways: Readonly<Record<string, readonly [x: number, y: number]>> = {
      ArrowRight: [1, 0],
      ArrowLeft: [-1, 0],
      ArrowDown: [0, 1],
      ArrowUp: [0, -1],
    };
    const way = ways[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const next = this.#nearest(from, ...way);
    if (next === undefined) return;
    this.#reachable(next);
    next.link.focus();
    next.link.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #nearest(from: Box, toX: number, toY: number): Box | undefined {
    let nearest: Box | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const box of this.#boxes) {
      const [dx, dy] = [box.x - from.x, box.y - from.y];
      const ahead = dx * toX + dy * toY;
      const aside = Math.abs(dx * toY) + Math.abs(dy * toX);
      const far = ahead + STRAIGHT * aside;
      if (ahead <= 1 || far >= least) continue;
      least = far;
      nearest = box;
    }
    return nearest;
  }
}

function boxOf(link: SVGAElement): Box {
  const ground = link.querySelector("rect");
  const number = (name: string): number => Number(ground?.getAttribute(name) ?? 0);
  const places = (link.dataset.places ?? "").split(",").map((part) => {
    const [from = NONE, to = from] = part.split("-").map(Number);
    return [from, to] as const;
  });
  return { link, x: number("x") + number("width") / 2, y: number("y"), places };
}
