/**
 * Which tasks the reader looks for. All words must occur in what the page says about a task: names and keys, status, reasons,
 * the errors of all attempts with causes, description, tags, log, limits, where it ran. `>100ms` and `<2min` compare what it
 * ran. Knows no DOM.
 */
import type { TaskStatus } from "@astrum/core";
import { NONE } from "../src/html/page-data.ts";
import type { Run } from "./run.ts";
import { TIME_UNITS } from "./time-units.ts";

export interface Choice {
  readonly text: string;
  /** Any of these statuses; every status when empty. */
  readonly statuses: ReadonlySet<TaskStatus>;
  readonly critical: boolean;
  readonly flaky: boolean;
}

export class Filter {
  readonly #run: Run;
  #haystacks: readonly string[] | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  /** One byte a task: 1 where it is looked for. */
  matches({ text, statuses, critical, flaky }: Choice): Uint8Array {
    const run = this.#run;
    const found = new Uint8Array(run.taskCount);
    const terms = text
      .toLowerCase()
      .split(/\s+/)
      .filter((term) => term !== "");
    const limits = terms.flatMap((term) => limitOf(term) ?? []);
    const words = terms.filter((term) => limitOf(term) === undefined);
    const haystacks = words.length === 0 ? undefined : this.#texts();
    for (let task = 0; task < found.length; task++) {
      if (statuses.size > 0 && !statuses.has(run.status(task))) continue;
      if (critical && !run.isCritical(task)) continue;
      if (flaky && !run.isFlaky(task)) continue;
      const ranUs = run.data.tasks.runUs[task] ?? 0;
      if (!limits.every((limit) => limit(ranUs))) continue;
      if (!words.every((word) => haystacks?.[task]?.includes(word) === true)) continue;
      found[task] = 1;
    }
    return found;
  }

  #texts(): readonly string[] {
    this.#haystacks ??= this.#run.data.tasks.name.map((name, task) => this.#textOf(name, task));
    return this.#haystacks;
  }

  #textOf(name: string, task: number): string {
    const run = this.#run;
    const { parent, reason, note, error, log } = run.data.tasks;
    const { attempts } = run.data;
    const map = parent[task] ?? NONE;
    const ofAttempts = run
      .attemptsOf(task)
      .flatMap((attempt) =>
        [attempts.error, attempts.executor, attempts.limitedBy].map((column) =>
          run.text(column[attempt]),
        ),
      );
    return [
      name,
      run.status(task),
      run.isTolerated(task) ? "tolerated" : "",
      run.kind(task),
      map === NONE ? "" : run.name(map),
      run.text(reason[task]),
      run.text(error[task]),
      run.text(note[task]),
      run.text(log[task]),
      ...ofAttempts,
    ]
      .join("\n")
      .toLowerCase();
  }
}

function limitOf(term: string): ((us: number) => boolean) | undefined {
  const [, sign, amount, unit] = /^([<>])(\d+(?:\.\d+)?)(ms|s|min|m|h)?$/.exec(term) ?? [];
  if (sign === undefined) return undefined;
  const us = Number(amount) * (TIME_UNITS[unit ?? "ms"] ?? 0);
  return sign === ">" ? (ranUs) => ranUs > us : (ranUs) => ranUs < us;
}
