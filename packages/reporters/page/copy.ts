/** A failure as Markdown, for an issue or a message. */
import { duration } from "../src/wording/duration.ts";
import type { Run } from "./run.ts";

/** Fences and code spans one tick longer than any run of ticks inside. */
export function failureMarkdown(run: Run, task: number): string {
  const { tasks } = run.data;
  const error = run.text(tasks.error[task]) || run.text(tasks.reason[task]);
  const attempts = run.attemptsOf(task).length;
  const facts = [
    `\`${run.status(task)}\` in ${code(run.data.title)}`,
    attempts > 1 ? `${attempts} attempts` : "",
    `${duration((tasks.runUs[task] ?? 0) / 1000)} run`,
  ].filter((fact) => fact !== "");
  const fence = "`".repeat(Math.max(3, longestRun(error) + 1));
  return `### ${code(run.name(task))}\n\n${facts.join(", ")}\n\n${fence}text\n${error}\n${fence}\n`;
}

function code(text: string): string {
  const ticks = "`".repeat(longestRun(text) + 1);
  const room = ticks.length > 1 || text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${ticks}${room}${text}${room}${ticks}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
}

/** Whether the clipboard took it. A page from a file has no clipboard in some browsers, but may copy a selection. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "sr";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    // Who came here with the keyboard goes on from here.
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    return done;
  }
}
