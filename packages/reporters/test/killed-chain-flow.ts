/** A run with maps, maps of maps, a list in ever another order and a parameter that says what it calls; what it gives, worked out by other means. */
import { appendFileSync } from "node:fs";
import { type Flow, flow, map, type Param, param, settled, task } from "@astrum/core";

const ITEMS = 8;

export const scale: Param<number> = param<number>("scale");

/** A list that is in another order in each life. */
export const people: Param<readonly string[]> = param<readonly string[]>("people");

const PEOPLE = ["ada", "bob", "cyd", "dan", "eve"];

export function peopleOf(life: number): readonly string[] {
  return PEOPLE.map((_, at) => PEOPLE[(at * 2 + life) % PEOPLE.length] as string);
}

/** What is given by a task that reads the parameter, itself or through what it depends on. */
export interface Scaled {
  readonly value: number;
  readonly scale: number;
}

/** Every call of a task adds a line with its name to `callsFile` before it does anything else. */
export function chainFlow(callsFile: string, onCall: () => void): Flow<{ readonly end: Scaled }> {
  const call = <T>(name: string, value: T): Promise<T> => {
    appendFileSync(callsFile, `${name}\n`);
    onCall();
    return new Promise((resolve) => setTimeout(() => resolve(value), 1));
  };
  const list = task("list", () =>
    call(
      "list",
      Array.from({ length: ITEMS }, (_, at) => at),
    ),
  );
  const rows = map(
    "rows",
    list,
    (item, index) => call(`rows[${index}]`, { item, big: "x".repeat(5000) }),
    {
      concurrency: 3,
    },
  );
  const scaled = map("scaled", rows, { scale }, ({ item }, index, { scale }) =>
    call<Scaled>(`scaled[${index}]`, { value: item * scale, scale }),
  );
  const plain = map("plain", rows, ({ item }, index) => call(`plain[${index}]`, item + 1));
  const greeted = map("greeted", people, (who, _index) => call(`greeted ${who}`, { who }), {
    key: (who) => who,
    concurrency: 2,
  });
  const before = task("before", () => call("before", "before"));
  const count = task("count", { plain: settled(plain), before }, ({ plain }) =>
    call("count", plain.status === "completed" ? plain.value.length : -1),
  );
  const sum = task("sum", { scaled }, ({ scaled }) =>
    call<Scaled>("sum", {
      value: scaled.reduce((total, { value }) => total + value, 0),
      scale: scaled[0]?.scale ?? 0,
    }),
  );
  const end = task("end", { sum, count, greeted }, ({ sum, count, greeted }) =>
    call<Scaled>("end", { ...sum, value: sum.value + count + greeted.length }),
  );
  return flow("chain", { end });
}

/** What the flow gives. */
export function resultOf(scale: number): Scaled {
  return { value: ((ITEMS * (ITEMS - 1)) / 2) * scale + ITEMS + PEOPLE.length, scale };
}

/** Calls of a run that nothing interrupts. */
export const EVERY_CALL: number = 3 * ITEMS + 5 + PEOPLE.length;
