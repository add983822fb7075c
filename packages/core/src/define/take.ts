/** What a task takes from another, when that is not simply its output: `pick`, `optional`, `settled`, `after`. */
import { DefinitionError, describe } from "../ground/errors.ts";
import {
  type Input,
  InputHandle,
  type Outcome,
  type Select,
  type Slot,
  type SlotKind,
  type Task,
  TaskHandle,
} from "./task.ts";

class TakenInput extends InputHandle {
  readonly kind: SlotKind;
  readonly task: TaskHandle;
  readonly select: Select | undefined;
  constructor(kind: SlotKind, task: TaskHandle, select?: Select) {
    super();
    this.kind = kind;
    this.task = task;
    this.select = select;
  }

  slot(to: string): Slot {
    return { to, kind: this.kind, task: this.task, select: this.select };
  }
}

function handleOf(word: string, task: unknown): TaskHandle {
  if (task instanceof TaskHandle) return task;
  throw new DefinitionError([
    {
      code: "invalid-input",
      message: `${word}() needs a task, got ${describe(task)}`,
      path: [word],
    },
  ]);
}

/** The phantom types of the public face exist for the compiler only. */
function input<T>(kind: SlotKind, task: TaskHandle, select?: Select): Input<T> {
  return new TakenInput(kind, task, select) as unknown as Input<T>;
}

/** Waits for the task; its value, or `undefined` unless it completed. */
export function optional<T>(task: Task<T>): Input<T | undefined> {
  return input("optional", handleOf("optional", task));
}

/** Waits for the task and runs whatever became of it; the value is its outcome. */
export function settled<T>(task: Task<T>): Input<Outcome<T>> {
  return input("settled", handleOf("settled", task));
}

/** Order only: waits until the task has completed and takes nothing from it. */
export function after(task: Task<unknown>): Input<void> {
  return input("after", handleOf("after", task));
}

/** A part of a task's output: a property, or what `select` makes of it. Resolved by the consumer, once. */
export function pick<T, K extends keyof T>(task: Task<T>, key: K): Input<T[K]>;
export function pick<T, R>(task: Task<T>, select: (value: T) => R): Input<R>;
export function pick(task: Task<unknown>, select: unknown): Input<unknown> {
  return input(
    "value",
    handleOf("pick", task),
    typeof select === "function"
      ? { how: "function", of: select as (value: never) => unknown }
      : { how: "key", key: select as PropertyKey },
  );
}
