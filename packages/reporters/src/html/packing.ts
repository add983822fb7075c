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

  const task = column(attempts.task, previous);
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
    attempts: { ...attempts, task, startUs, endUs, slotFreedBy },
  };
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
