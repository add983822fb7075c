/** What the bars of the timeline mean. Only what this run has is named. */
import { ATTEMPT_STATUSES } from "../src/html/page-data.ts";
import { element } from "./element.ts";
import type { Run } from "./run.ts";

export function legend(run: Run): HTMLElement {
  const { status, critical, delayUs } = run.data.attempts;
  const has = (wanted: (name: (typeof ATTEMPT_STATUSES)[number] | undefined) => boolean): boolean =>
    status.some((place) => wanted(ATTEMPT_STATUSES[place]));
  const meanings: readonly (readonly [look: string, meaning: string, present: boolean])[] = [
    ["critical", "on the critical path", critical.includes(1)],
    ["run", "completed", has((name) => name === "completed")],
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
