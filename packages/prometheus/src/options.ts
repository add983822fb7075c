/** What the options of the three observers may be. Everything that is wrong with them is said at once. Knows no metric. */
import { DefinitionError } from "@astrum/core";
import {
  fits,
  integer,
  OptionCheck,
  type Rule,
  type Rules,
  record,
  required,
  told,
} from "astrum-options";
import { isClient, isRegistry } from "./client.ts";
import type { TaskLabels } from "./instruments.ts";

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** @throws DefinitionError that lists everything that is wrong. */
export function checkObserver<O extends object>(who: string, options: O, rules: Rules<O>): void {
  const check = new OptionCheck(who);
  check.record("", options, rules);
  if (check.faults.length === 0) return;
  const issues = check.faults.map(({ place, message, ...guess }) => ({
    code: "invalid-option",
    message: `${who}(): ${message}`,
    path: place === "" ? [] : place.split("."),
    ...guess,
  }));
  throw new DefinitionError(issues);
}

export const clientRule: Rule = (place, value, check) => {
  if (isClient(value)) return;
  const namespace = isClient((value as { default?: unknown } | null | undefined)?.default);
  const expected = namespace
    ? 'the client itself, as in `import client from "prom-client"`, not `import * as client`'
    : "the module prom-client or @prometheus-io/client";
  check.expected(place, expected, value);
};

export const registryRule: Rule = fits("a Registry of the client", isRegistry);

export const prefixRule: Rule = fits(
  'the beginning of a metric name, such as "astrum_"',
  (value) => value === "" || (typeof value === "string" && METRIC_NAME.test(value)),
);

export const bucketsRule: Rule = (place, value, check) => {
  if (value === undefined || isAscending(value)) return;
  const got = Array.isArray(value) ? `[${value.map(told).join(", ")}]`.slice(0, 100) : told(value);
  check.expected(place, "a list of ascending numbers of seconds", value, got);
};

function isAscending(value: unknown): boolean {
  const ascend = (bound: unknown, at: number, all: readonly unknown[]): boolean =>
    typeof bound === "number" &&
    Number.isFinite(bound) &&
    (at === 0 || bound > (all[at - 1] as number));
  return Array.isArray(value) && value.length > 0 && value.every(ascend);
}

export const labelsRule: Rule = record<TaskLabels>({
  task: fits("true, false or a function of the task", (value) =>
    ["boolean", "function"].includes(typeof value),
  ),
  allow: fits("a list of values of the label `task`", isTextList),
  maxValues: integer(1),
  maxPairs: integer(1),
});

export function textRule(what: string, holds: (value: string) => boolean): Rule {
  return required(
    what,
    fits(what, (value) => typeof value === "string" && holds(value)),
  );
}

export const groupingsRule: Rule = (place, value, check) => {
  if (value === undefined) return;
  const names = Object.keys(Object(value));
  check.record(place, value, Object.fromEntries(names.map((name) => [name, grouping])));
  for (const name of names) {
    if (LABEL_NAME.test(name) && !["job", "flow", "instance"].includes(name)) continue;
    check.fault(
      `${place}.${name}`,
      `Cannot group by "${name}": take the name of a label other than job and flow, which are there already, and instance, which would make a group for every process.`,
    );
  }
};

const grouping: Rule = (place, value, check) => {
  if (typeof value !== "string") check.expected(place, "a text", value);
};

export const timeoutRule: Rule = fits(
  "a number of milliseconds above 0",
  (value) => typeof value === "number" && value > 0 && value < 2 ** 31,
);

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
