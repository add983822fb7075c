/** A lever in words, as what follows "if" in a table, and the line to paste where there is one. Simulates nothing. */

import { count } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { cut, visibleName } from "../wording/visible.ts";
import type { Advice, Lever } from "./advice.ts";
import { busyText } from "./verdict.ts";

const NAME = 120;

/** What each kind is called, around its name: before it and after it. */
export function leverText(lever: Lever): readonly [before: string, after: string] {
  const { kind, slots, units } = lever;
  switch (kind) {
    case "slots":
      return [`there were ${count(slots ?? 0)} slots`, ""];
    case "resource":
      return units === undefined
        ? ["there were enough of ", " for all that asked"]
        : [`there ${units === 1 ? "was" : "were"} ${units} of `, eachText(lever)];
    case "map":
      return ["", " had no limit of its own"];
    case "order":
      return ["the longest path went first", ""];
    case "failures":
      return ["no attempt failed", ""];
    case "limits":
      return ["none of its limits were there, all of them together", ""];
    case "stages":
      return ["tasks did not wait for their stage", ""];
    case "task":
      return ["", " took half as long"];
  }
}

/** As plain text; `label` is what people call the task. */
export function leverLine(lever: Lever, label: string = lever.name): string {
  const [before, after] = leverText(lever);
  const name = label === "" ? "" : cut(visibleName(label), NAME);
  const paste = leverPaste(lever);
  return `${before}${name}${after}${paste === undefined ? "" : `: ${paste}`}`;
}

/** In a few words, where there is no room for a sentence. */
function leverShort(lever: Lever, label: string): string {
  const { kind, slots, units } = lever;
  const name = cut(visibleName(label), NAME);
  switch (kind) {
    case "slots":
      return `${count(slots ?? 0)} slots`;
    case "resource":
      return `${units ?? "more"} of ${name}${eachText(lever)}`;
    case "map":
      return `no limit of ${name}`;
    case "order":
      return "longest first";
    case "failures":
      return "no failed attempts";
    case "limits":
      return "none of its limits";
    case "stages":
      return "no waiting for stages";
    case "task":
      return `${name} in half the time`;
  }
}

function eachText({ perMs }: Lever): string {
  return perMs === undefined ? "" : ` each ${duration(perMs)}`;
}

/** `14 % less possible: longest first`, of what saves most; empty where nothing does. */
export function possibleText(
  advice: Advice | undefined,
  labelOf: (task: string) => string,
): string {
  const [most] = advice?.levers ?? [];
  if (advice === undefined || most === undefined) return "";
  // The order costs nothing: it is named when it saves at least half as much.
  const order = advice.levers.find(({ kind }) => kind === "order");
  const best = order !== undefined && order.savedMs >= most.savedMs / 2 ? order : most;
  const share = Math.round((100 * best.savedMs) / advice.asRunMs);
  return `${share < 1 ? "less" : `${share} % less`} possible: ${leverShort(best, labelOf(best.name))}`;
}

/** What to write so that it is so. */
export function leverPaste({ kind, slots }: Lever): string | undefined {
  if (kind === "order") return "run({ estimates: estimatesFrom(report) })";
  if (kind === "slots") return `run({ concurrency: ${slots} })`;
  return undefined;
}

/** How sure that is, and why there may be nothing. */
export function adviceNote({ levers, errorMs, busyCores }: Advice): string {
  const busy =
    busyCores === undefined ? "" : ` More at once would not be faster: ${busyText(busyCores)}.`;
  if (levers.length === 0 && busyCores !== undefined) return busy.trim();
  const unchanged =
    errorMs < 0.001
      ? "takes as long as the run did"
      : `is ${duration(errorMs)} off what the run took`;
  return `Simulated from what each task took. Without a change the simulation ${unchanged}; with one it does not know whether tasks slow each other down.${busy}`;
}
