/**
 * A run with maps, maps of maps, a list in ever another order, subflows, a loop, items that become flows, and a parameter, that
 * says what it calls; what it gives, worked out by other means.
 */
import { appendFileSync } from "node:fs";
import {
  type Flow,
  flow,
  loop,
  map,
  type Param,
  param,
  settled,
  subflow,
  type Task,
  type TaskContext,
  task,
} from "@astrum/core";

const ITEMS = 8;
const DRAFTS = 3;
const RANK = 4;

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
  // What is inside of others is called by its path.
  const inner =
    <T, I extends object = object>(give: (inputs: I) => T) =>
    (inputs: I, { taskName }: TaskContext): Promise<T> =>
      call(taskName, give(inputs));
  const region = (): Flow<{ readonly rank: number }> => {
    const load = task(
      "load",
      inner(() => RANK - 1),
    );
    return flow("region", {
      rank: task(
        "rank",
        { load },
        inner(({ load }: { load: number }) => load + 1),
      ),
    });
  };
  const page = (item: number): Flow<{ readonly save: number }> => {
    const load = task(
      "load",
      inner(() => item),
    );
    return flow("page", {
      save: task(
        "save",
        { load },
        inner(({ load }: { load: number }) => load * 2),
      ),
    });
  };
  const draft = (value: number, scale: number): Flow<{ readonly critic: Scaled }> => {
    const write = task(
      "write",
      inner((): Scaled => ({ value: value + scale, scale })),
    );
    return flow("draft", {
      critic: task(
        "critic",
        { write },
        inner(({ write }: { write: Scaled }) => write),
      ),
    });
  };
  const [eu, us] = [subflow("eu", region()), subflow("us", region())];
  const pages = map("pages", list, (item, index) => call(`pages[${index}]`, page(item)), {
    concurrency: 2,
  });
  const drafts: Task<{ readonly critic: Scaled }> = loop(
    "drafts",
    { scale },
    {
      first: ({ scale }) => draft(0, scale),
      next: ({ critic }, { scale }) => draft(critic.value, scale),
      until: ({ critic }) => critic.value >= DRAFTS * critic.scale,
      max: DRAFTS,
    },
  );
  const nested = { eu, us, pages, drafts };
  const end = task(
    "end",
    { sum, count, greeted, ...nested },
    ({ sum, count, greeted, ...nested }) => {
      const { eu, us, pages, drafts } = nested;
      const paged = pages.reduce((total, { save }) => total + save, 0);
      const value = sum.value + count + greeted.length + eu.rank + us.rank + paged;
      return call<Scaled>("end", { ...sum, value: value + drafts.critic.value });
    },
  );
  return flow("chain", { end });
}

/** What the flow gives. */
export function resultOf(scale: number): Scaled {
  const all = (ITEMS * (ITEMS - 1)) / 2;
  const nested = 2 * RANK + 2 * all + DRAFTS * scale;
  return { value: all * scale + ITEMS + PEOPLE.length + nested, scale };
}

/** Calls of a run that nothing interrupts. */
export const EVERY_CALL: number = 3 * ITEMS + 5 + PEOPLE.length + 4 + 3 * ITEMS + 2 * DRAFTS;

/** Entries of its journal: of its start, of each call, of the maps, the subflows and the loop. */
export const EVERY_ENTRY: number = 1 + EVERY_CALL + 5 + 2 + 1;
