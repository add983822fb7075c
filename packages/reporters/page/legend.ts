/** What the bars of the timeline mean. Only what this run has is named, and what the colours stand for. */
import { ATTEMPT_STATUSES } from "../src/html/page-data.ts";
import { element } from "./element.ts";
import type { Run } from "./run.ts";

/** `hues`: what each colour stands for; none, where a bar is coloured as it ended. */
export function legend(run: Run, hues: readonly string[]): HTMLElement {
  const { status, critical, delayUs, queuedUs } = run.data.attempts;
  const has = (wanted: (name: (typeof ATTEMPT_STATUSES)[number] | undefined) => boolean): boolean =>
    status.some((place) => wanted(ATTEMPT_STATUSES[place]));
  const meanings: readonly (readonly [look: string, meaning: string, present: boolean])[] = [
    ["wait", "waited", queuedUs.some((us) => us > 0)],
    [hues.length > 0 ? "path" : "critical", "on the critical path", critical.includes(1)],
    ["run", hues.length > 0 ? "of none" : "completed", has((name) => name === "completed")],
    ...hues.map((name, hue) => [`hue-${hue}`, name, true] as const),
    ["fail", "failed", has((name) => name === "failed")],
    ["other", "ended otherwise", has((name) => name !== "completed" && name !== "failed")],
    ["delay", "back-off", delayUs.some((us) => us > 0)],
  ];
  return element(
    "ul",
    { class: "legend", "aria-label": "Bars of the timeline" },
    ...meanings
      .filter(([, , present]) => present)
      .map(([look, meaning]) =>
        element(
          "li",
          {},
          element("span", { class: `sample ${look}`, "aria-hidden": "true" }),
          meaning,
        ),
      ),
  );
}
