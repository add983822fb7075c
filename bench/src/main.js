/**
 * Prints what the engine costs, in one run: `pnpm bench`. Options: `--only large,small` for some of the sections, `--brief`
 * for fewer rounds, `--json` for the figures alone, `--checkout DIR` for the built packages of another checkout, and `--check`,
 * which exits with 1 when a floor is broken.
 */
import { parseArgs } from "node:util";
import { HEADING, isBroken, line, nameOfFigure } from "./figures.js";
import { growth } from "./growth.js";
import { largeRuns } from "./large-runs.js";
import { load } from "./library.js";
import { logs } from "./logs.js";
import { maps } from "./maps.js";
import { memory } from "./memory.js";
import { nestedRuns } from "./nested-runs.js";
import { observers } from "./observers.js";
import { planning } from "./planning.js";
import { smallRuns } from "./small-runs.js";
import { studies } from "./studies.js";
import { threads } from "./threads.js";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    brief: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    checkout: { type: "string" },
  },
});

/** @type {Readonly<Record<string, import("./figures.js").Section>>} */
const sections = {
  small: smallRuns,
  large: largeRuns,
  maps,
  nested: nestedRuns,
  threads: threads(values.checkout),
  observers,
  logs,
  planning,
  studies,
  memory,
  growth,
};
const chosen = values.only?.split(",") ?? Object.keys(sections);
const unknown = chosen.filter((name) => !Object.hasOwn(sections, name));
if (unknown.length > 0) {
  console.error(
    `There is no section "${unknown[0]}": there are ${Object.keys(sections).join(", ")}`,
  );
  process.exit(64);
}

const library = await load(values.checkout);
/** @param {string} text */
const say = (text) => {
  if (!values.json) console.log(text);
};
say(
  `Node ${process.version}, ${process.platform} ${process.arch}. Tasks are async functions that do nothing.`,
);
say("Medians; × is the ratio to the same work done by hand, within a round.\n");
say(HEADING);
/** @type {import("./figures.js").Figure[]} */
const figures = [];
for (const name of chosen) {
  for (const figure of await /** @type {import("./figures.js").Section} */ (sections[name])(
    library,
    values.brief,
  )) {
    figures.push(figure);
    say(line(figure));
  }
  say("");
}
if (values.json) console.log(JSON.stringify(figures));

const broken = figures.filter(isBroken);
if (broken.length === 0) say("Every floor holds.");
else {
  say(`Floors that do not hold:\n  ${broken.map(nameOfFigure).join("\n  ")}`);
  if (values.check) process.exitCode = 1;
}
