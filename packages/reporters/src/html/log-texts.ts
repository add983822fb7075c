/**
 * What tasks said in their logs, within a budget: those that did not complete say more, and when the budget is spent only they
 * are heard. Knows no HTML.
 */
import type { TaskStatistics } from "@astrum/core";
import { logText } from "../wording/log-text.ts";
import { visibleLines } from "../wording/visible.ts";

const LINES = 100;
const LINES_OF_THE_COMPLETED = 20;
const CHARACTERS = 500_000;

export class LogTexts {
  #left = CHARACTERS;

  /** Of the last attempt; empty when it said nothing. */
  of(task: TaskStatistics): string {
    const completed = task.status === "completed";
    if (completed && this.#left <= 0) return "";
    const text = visibleLines(logText(task, completed ? LINES_OF_THE_COMPLETED : LINES));
    this.#left -= text.length;
    return text;
  }
}
