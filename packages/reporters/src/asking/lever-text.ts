/** A lever in words, as what follows "if" in a table, and the line to paste where there is one. Simulates nothing. */

import { duration } from "../wording/duration.ts";
import { cut, visibleName } from "../wording/visible.ts";
import type { Advice, Lever } from "./advice.ts";
import { busyText } from "./verdict.ts";

const NAME = 120;

/** What each kind is called, around its name: before it and after it. */
export function leverText({ kind, slots }: Lever): readonly [before: string, after: string] {
  switch (kind) {
    case "slots":
      return [`there were ${slots} slots`, ""];
    case "resource":
      return ["there were enough of ", " for all that asked"];
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
  return `Simulated from what each task took; the run itself, simulated, is ${errorMs < 0.001 ? "exact" : `${duration(errorMs)} off`}.${busy}`;
}
