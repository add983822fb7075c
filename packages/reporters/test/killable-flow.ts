/** A run that is killed from outside: it says what it calls in one file and writes its event log to another. */
import { appendFileSync } from "node:fs";
import { type Flow, flow, map, type Task, task } from "@astrum/core";

export const TASKS = 60;
export const ITEMS = 30;

/** Every call of a task adds a line with its name to `callsFile` before it does anything else. */
export function killableFlow(
  callsFile: string,
  onCall: (count: number) => void = () => {},
): Flow<unknown> {
  let count = 0;
  const call = <T>(name: string, value: T): Promise<T> => {
    appendFileSync(callsFile, `${name}\n`);
    onCall(++count);
    return new Promise((resolve) => setTimeout(() => resolve(value), 1));
  };
  const chain: Task<number>[] = [];
  for (let index = 0; index < TASKS; index++) {
    const before = chain.at(-3);
    const name = `step-${index}`;
    chain.push(
      before === undefined
        ? task(name, () => call(name, index))
        : task(name, { before }, ({ before: value }) => call(name, value + index)),
    );
  }
  const list = task("list", () =>
    call(
      "list",
      Array.from({ length: ITEMS }, (_, index) => index),
    ),
  );
  const items = map("items", list, (item: number, index) => call(`items[${index}]`, item * 2), {
    concurrency: 4,
  });
  const ends = Object.fromEntries(chain.slice(-3).map((one, index) => [`end${index}`, one]));
  const sum = task("sum", { items, ...ends }, () => call("sum", "done"));
  return flow("killable", { sum });
}
