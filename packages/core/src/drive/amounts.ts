/**
 * What a task asks for of resources where its options have a function for that: asked once, with the inputs, of a map once
 * an item. Starts nothing.
 */
import type { Definition } from "../define/definition.ts";
import { describe } from "../ground/describe.ts";
import { frameless, InputError } from "../ground/errors.ts";
import type { PreparedEvent } from "../machine/event.ts";
import {
  amountOfMost,
  type Capacity,
  hasOnly,
  isWholeUnits,
  type Resource,
  type Resources,
  tooMuchTogether,
} from "./resources.ts";

type Ask = (...args: unknown[]) => unknown;
/** Amounts by resource, one for each item; and the items that cannot have what they ask for. */
type Amounts = Pick<PreparedEvent, "amounts" | "refused">;

/** Of a task; nothing where all are constant. Throws `InputError` where it cannot have what it asks for. */
export function amountsOf(
  { name, options }: Definition,
  inputs: unknown,
  run: Capacity,
): Amounts | undefined {
  if (!asks(options?.resources)) return undefined;
  const units = askedUnits(name, `Task "${name}"`, options?.resources, [inputs], run);
  return { amounts: Object.fromEntries(units.map(([resource, amount]) => [resource, [amount]])) };
}

/** Of the items of a map; each that cannot have what it asks for fails alone. */
export function amountsOfItems(
  { name, options }: Definition,
  list: readonly unknown[],
  run: Capacity,
): Amounts | undefined {
  if (!asks(options?.resources)) return undefined;
  const amounts: Record<string, number[]> = {};
  for (const resource in options?.resources) amounts[resource] = new Array(list.length).fill(0);
  const refused = new Map<number, unknown>();
  for (let index = 0; index < list.length; index++) {
    const item = [list[index], index];
    const subject = `Item ${index} of map "${name}"`;
    try {
      const units = askedUnits(name, subject, options?.resources, item, run);
      for (const [resource, amount] of units) {
        (amounts[resource] as number[])[index] = amount;
      }
    } catch (error) {
      refused.set(index, error);
    }
  }
  return { amounts, refused };
}

function asks(resources: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.values(resources).some((one) => typeof one === "function");
}

/** All that it asks for, by resource, whether that is constant or computed from `of`. */
function askedUnits(
  task: string,
  subject: string,
  resources: Readonly<Record<string, unknown>> = {},
  of: readonly unknown[],
  run: Capacity,
): [string, number][] {
  const units = Object.entries(resources).map(([name, one]): [string, number] => {
    if (typeof one !== "function") return [name, (one as number | undefined) ?? 0];
    return [name, asked(task, subject, name, () => (one as Ask)(...of), run.resources ?? {})];
  });
  const tooMuch = tooMuchTogether(units, run);
  if (tooMuch !== undefined) throw frameless(new InputError(task, `${subject} ${tooMuch}`));
  return units;
}

function asked(
  task: string,
  subject: string,
  name: string,
  ask: () => unknown,
  resources: Resources,
): number {
  const refuse = (message: string, options?: ErrorOptions): never => {
    throw frameless(new InputError(task, message, options));
  };
  let amount: unknown;
  try {
    amount = ask();
  } catch (cause) {
    return refuse(`${subject} cannot say how much of "${name}" it needs`, { cause });
  }
  const resource = resources[name] as Resource;
  const whole = isWholeUnits(resource);
  const isAmount = whole ? Number.isSafeInteger(amount) : Number.isFinite(amount);
  if (!isAmount || (amount as number) < 0) {
    // What it stands for is not asked for; its rejection is nobody's.
    if (describe(amount) === "a promise") Promise.resolve(amount).catch(() => {});
    const expectation = whole ? "an integer from 0 up" : "a number from 0 up";
    refuse(`${subject} must need ${expectation} of "${name}", got ${describe(amount)}`);
  }
  if ((amount as number) > amountOfMost(resource)) {
    refuse(`${subject} needs ${amount} of "${name}", ${hasOnly(resource)}`);
  }
  return amount as number;
}
