/** A task between what it depends on and what depends on it: nine a side, failed and releasing ones first, and the others on demand. */
import { DEPENDENCY_KINDS, NONE } from "../src/html/page-data.ts";
import { STATUS_SIGN } from "../src/wording/outcome.ts";
import { element } from "./element.ts";
import { rest } from "./rest.ts";
import type { Neighbour, Run } from "./run.ts";

const SIDE = 9;

type Link = (task: number) => HTMLElement;

export function focusGraph(run: Run, task: number, link: Link): HTMLElement | undefined {
  const before = run.dependenciesOf(task);
  const after = run.dependentsOf(task);
  if (before.length + after.length === 0) return undefined;
  const releasedBy = run.data.tasks.releasedBy[task] ?? NONE;
  return element(
    "div",
    { class: "focus-graph" },
    side(run, "depends on", before, releasedBy, link),
    element("p", { class: "self" }, element("code", {}, run.name(task))),
    side(run, "needed by", after, NONE, link),
  );
}

function side(
  run: Run,
  title: string,
  neighbours: readonly Neighbour[],
  releasedBy: number,
  link: Link,
): HTMLElement {
  const sorted = neighbours.toSorted(
    (a, b) => weight(run, b, releasedBy) - weight(run, a, releasedBy),
  );
  const line = ({ task, kind }: Neighbour): HTMLElement => {
    const status = run.status(task);
    const look = run.look(task);
    const words = DEPENDENCY_KINDS[kind] ?? "value";
    return element(
      "li",
      { class: `edge-${words}` },
      element(
        "span",
        { class: `mark ${look}`, title: look },
        element("span", { class: "sign", "aria-hidden": "true" }, STATUS_SIGN[status]),
        element("span", { class: "sr" }, `${look} `),
      ),
      link(task),
      (words !== "value" || task === releasedBy) &&
        element("small", {}, task === releasedBy ? "released it" : words),
    );
  };
  return element(
    "div",
    { class: "side" },
    element("h4", {}, `${title} `, element("span", { class: "count" }, String(sorted.length))),
    element("ul", {}, ...sorted.slice(0, SIDE).map(line)),
    rest(sorted.slice(SIDE), line),
  );
}

function weight(run: Run, { task }: Neighbour, releasedBy: number): number {
  if (task === releasedBy) return 3;
  const status = run.status(task);
  return status === "failed" || status === "abandoned" ? 2 : run.isCritical(task) ? 1 : 0;
}
