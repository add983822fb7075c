/** `resume-info`: what the next run of a flow would take up from a log, as far as the log alone says. */
import { type StoredResults, storedResults, UNSTORED } from "../resuming/stored-results.ts";
import { visible, visibleName } from "../wording/visible.ts";
import type { Command } from "./arguments.ts";
import { exit } from "./exit-code.ts";
import { put } from "./output.ts";
import { readRun } from "./read-run.ts";
import { FLOW } from "./shared-options.ts";

/** Lines about single tasks. */
const SHOWN = 20;

export const resumeInfoCommand: Command = {
  name: "resume-info",
  takes: "FILE",
  files: { least: 1, most: 1 },
  about:
    "What the next run would take up from a log: which results are stored, and why others are not.",
  more: "Whether what is stored still stands, after a change of inputs, parameters or versions, only the\nprogram can say: resumeInfo(path, flow) of @astrum/reporters.",
  options: {
    json: { help: "as JSON: run, flow, startedAt, executionState, stored, encrypted, rerun" },
    flow: FLOW,
  },
  prepare(given) {
    const [file = ""] = given.files;
    return async (desk) => {
      const results = storedResults(await readRun(file, given.text("flow"), desk));
      const text = given.flag("json") ? `${JSON.stringify(results)}\n` : textOf(results);
      put(text, undefined, desk);
      return exit.good;
    };
  },
};

function textOf(results: StoredResults): string {
  const { run, flow, startedAt, executionState: state, stored, encrypted, rerun } = results;
  const what = flow === undefined || flow === "" ? "" : ` of flow "${visible(flow)}"`;
  const told = `run ${visible(run)}${what}, ${visible(startedAt)}`;
  if (state === "completed") return `A fresh start: ${told}, completed.\n`;
  const ended = state === "failed" ? "failed" : `was ${state}`;
  const lines = [`Takes up ${told}, which ${ended}.`];
  if (stored.length === 0 && rerun.some(({ why }) => why === UNSTORED)) {
    lines.push("It was written without a journal, or what it stored was left out.");
  }
  lines.push(`${counted(stored.length, "result")} stored${stored.length === 0 ? "." : ":"}`);
  lines.push(...some(stored, (task) => visibleName(task)));
  if (encrypted > 0) {
    const which = encrypted === stored.length ? "They are" : `${encrypted} of them are`;
    lines.push(`${which} encrypted, and are restored with the key only.`);
  }
  const are = rerun.length === 1 ? "task or item is" : "tasks or items are";
  lines.push(`${rerun.length} ${are} called again in any case${rerun.length === 0 ? "." : ":"}`);
  lines.push(...some(rerun, ({ task, why }) => `${visibleName(task)}: ${visible(why)}`));
  return `${lines.join("\n")}\n`;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what} is` : `${count} ${what}s are`;
}

function some<T>(list: readonly T[], line: (item: T) => string): string[] {
  const lines = list.slice(0, SHOWN).map((item) => `  ${line(item)}`);
  if (list.length > SHOWN) lines.push(`  … and ${list.length - SHOWN} more`);
  return lines;
}
