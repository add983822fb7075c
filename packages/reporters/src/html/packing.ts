/**
 * Columns of numbers that compress well: what can be told from other columns is written as the difference, which is nearly
 * always nothing. `packed` and `unpacked` are each other's inverse for every data. Knows no compression.
 */
import { NONE, type PageData } from "./page-data.ts";

export function packed(data: PageData): PageData {
  return shifted(data, (value, foretold) => value - foretold);
}

export function unpacked(data: PageData): PageData {
  return shifted(data, (difference, foretold) => difference + foretold);
}

type Shift = (value: number, foretold: number) => number;

/** Each foretelling uses columns as they are when unpacked: packing reads them from the data, unpacking from its own result. */
function shifted(data: PageData, shift: Shift): PageData {
  const packing = shift(1, 1) === 0;
  const { tasks, attempts } = data;
  const column = (
    values: readonly number[],
    foretell: (index: number, before: readonly number[]) => number,
  ): number[] => {
    const result: number[] = [];
    values.forEach((value, index) => {
      result.push(shift(value, foretell(index, packing ? values : result)));
    });
    return result;
  };
  const previous = (index: number, before: readonly number[]): number => before[index - 1] ?? 0;

  const parent = column(tasks.parent, previous);
  const parents = packing ? tasks.parent : parent;
  const name = names(tasks.name, parents, packing);
  const edges = edgesOf(tasks.dependencyCount);
  const dependency = column(data.dependencies.task, (index, before) =>
    edges.first[index] === true ? (edges.owner[index] ?? 0) - 1 : previous(index, before),
  );
  const dependencies = packing ? data.dependencies.task : dependency;
  // What it was released by is most often its last dependency, or, without one, what it is inside of.
  const releasedBy = column(tasks.releasedBy, (index) => {
    const last = edges.last[index];
    return (last === undefined ? parents[index] : dependencies[last]) ?? NONE;
  });
  const earlierOn = beforeOnLane(attempts.lane);
  const task = column(attempts.task, (index, before) => {
    const earlier = earlierOn[index];
    return earlier === undefined ? previous(index, before) : (before[earlier] ?? 0) + 1;
  });
  const startUs = column(attempts.startUs, previous);
  const starts = packing ? attempts.startUs : startUs;
  const endUs = column(attempts.endUs, (index) => starts[index] ?? 0);
  const ends = packing ? attempts.endUs : endUs;
  const owners = packing ? attempts.task : task;
  const lastOnLane = lastTaskOnLane(attempts.lane, owners);
  const slotFreedBy = column(attempts.slotFreedBy, (index) => lastOnLane[index] ?? NONE);
  const own = ownAttempts(tasks.name.length, owners, starts, ends, attempts.queuedUs);

  const taskStart = column(tasks.startUs, (index) => own.startUs[index] ?? NONE);
  const taskStarts = packing ? tasks.startUs : taskStart;
  const taskEnd = column(tasks.endUs, (index) => own.endUs[index] ?? NONE);
  const taskEnds = packing ? tasks.endUs : taskEnd;
  return {
    ...data,
    tasks: {
      ...tasks,
      name,
      parent,
      releasedBy,
      startUs: taskStart,
      endUs: taskEnd,
      runUs: column(tasks.runUs, (index) => own.runUs[index] ?? 0),
      durationUs: column(
        tasks.durationUs,
        (index) => (taskEnds[index] ?? 0) - (taskStarts[index] ?? 0),
      ),
      queuedUs: column(tasks.queuedUs, (index) => own.queuedUs[index] ?? 0),
      readyUs: column(tasks.readyUs, (index) => own.readyUs[index] ?? NONE),
    },
    dependencies: { ...data.dependencies, task: dependency },
    attempts: { ...attempts, task, startUs, endUs, slotFreedBy },
    ...(data.study !== undefined && {
      study: {
        ...data.study,
        startUs: shiftedPairs(data.study.startUs, starts, shift),
        endUs: shiftedPairs(data.study.endUs, ends, shift),
      },
    }),
  };
}

/** Of some places what was measured there, as far as it is from what is shown. */
function shiftedPairs<Value extends number | null>(
  pairs: readonly (readonly [place: number, value: Value])[],
  shown: readonly number[],
  shift: Shift,
): (readonly [place: number, value: Value])[] {
  const packing = shift(1, 1) === 0;
  let before = 0;
  return pairs.map(([place, value]) => {
    const moved = shift(place, before);
    before = packing ? place : moved;
    const other = value === null ? null : shift(value, shown[before] ?? 0);
    return [moved, other as Value];
  });
}

/**
 * A name begins as that of its parent does, most often with all of it; an item goes on with its index. So a name is written
 * as how many characters are the same, `#` where the index follows that is expected, else `=`, and the rest.
 */
function names(all: readonly string[], parents: readonly number[], packing: boolean): string[] {
  const made: string[] = new Array(all.length);
  const inside = new Map<number, number>();
  const indices = parents.map((parent) => {
    const index = inside.get(parent) ?? 0;
    inside.set(parent, index + 1);
    return `[${index}]`;
  });
  // Planned tasks come before what they are inside of.
  const known = (place: number): string | undefined => (packing ? all[place] : made[place]);
  const put = (place: number): void => {
    const above = known(parents[place] ?? NONE) ?? "";
    const index = indices[place] ?? "";
    const name = all[place] ?? "";
    if (packing) {
      let same = 0;
      while (same < above.length && name[same] === above[same]) same++;
      const rest = name.slice(same);
      const told = rest.startsWith(index) ? `#${rest.slice(index.length)}` : `=${rest}`;
      made[place] = `${same}${told}`;
      return;
    }
    const [, same = "0", sign = "=", rest = ""] = /^(\d+)([#=])(.*)$/s.exec(name) ?? [];
    made[place] = `${above.slice(0, Number(same))}${sign === "#" ? index : ""}${rest}`;
  };
  for (let from = 0; from < all.length; from++) {
    const way: number[] = [];
    let at = from;
    while (at !== NONE && made[at] === undefined) {
      way.push(at);
      at = parents[at] ?? NONE;
    }
    for (let place = way.pop(); place !== undefined; place = way.pop()) put(place);
  }
  return made;
}

interface DependencyPlaces {
  /** The task of each dependency, and whether it is its first one. */
  readonly owner: number[];
  readonly first: boolean[];
  /** The last dependency of each task. */
  readonly last: (number | undefined)[];
}

function edgesOf(counts: readonly number[]): DependencyPlaces {
  const places: DependencyPlaces = { owner: [], first: [], last: [] };
  counts.forEach((count, task) => {
    for (let own = 0; own < count; own++) {
      places.first.push(own === 0);
      places.owner.push(task);
    }
    places.last.push(count === 0 ? undefined : places.owner.length - 1);
  });
  return places;
}

/** For each attempt the one before it on the same lane: a task of a flow often takes the place of the one before it. */
function beforeOnLane(lanes: readonly number[]): (number | undefined)[] {
  const last: number[] = [];
  return lanes.map((lane, attempt) => {
    const before = last[lane];
    last[lane] = attempt;
    return before;
  });
}

/** The task whose attempt ran before on the same lane. */
function lastTaskOnLane(lanes: readonly number[], tasks: readonly number[]): number[] {
  const last: number[] = [];
  return lanes.map((lane, attempt) => {
    const before = last[lane] ?? NONE;
    last[lane] = tasks[attempt] ?? NONE;
    return before;
  });
}

interface OwnAttempts {
  readonly startUs: (number | undefined)[];
  readonly endUs: (number | undefined)[];
  readonly readyUs: (number | undefined)[];
  readonly runUs: number[];
  readonly queuedUs: number[];
}

function ownAttempts(
  count: number,
  owners: readonly number[],
  startUs: readonly number[],
  endUs: readonly number[],
  queuedUs: readonly number[],
): OwnAttempts {
  const own: OwnAttempts = {
    startUs: new Array(count),
    endUs: new Array(count),
    readyUs: new Array(count),
    runUs: new Array(count).fill(0),
    queuedUs: new Array(count).fill(0),
  };
  owners.forEach((task, attempt) => {
    const from = startUs[attempt] ?? 0;
    const to = endUs[attempt] ?? 0;
    const waited = queuedUs[attempt] ?? 0;
    if (own.startUs[task] === undefined) {
      own.startUs[task] = from;
      own.readyUs[task] = from - waited;
    }
    own.endUs[task] = to;
    own.runUs[task] = (own.runUs[task] ?? 0) + to - from;
    own.queuedUs[task] = (own.queuedUs[task] ?? 0) + waited;
  });
  return own;
}
