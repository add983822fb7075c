/** What is no number is refused in words wherever a number belongs, also when it cannot be compared with one. */
import { expect, test } from "vitest";
import { Issues } from "../../src/ground/check.ts";

const CHECKS: readonly (readonly [
  name: string,
  check: (issues: Issues, value: unknown) => void,
])[] = [
  ["an integer", (issues, value) => issues.integer(["limit"], value, 1)],
  ["an integer up to a limit", (issues, value) => issues.integer(["limit"], value, 1, 4)],
  ["an amount", (issues, value) => issues.amount(["limit"], value)],
  ["a time limit", (issues, value) => issues.timeLimit(["limit"], value)],
  ["an instant", (issues, value) => issues.instant(["limit"], value)],
];
const VALUES = [Symbol("three"), { toString: 1 }, 3n, "3", Number.NaN, null, () => 3];

test.each(CHECKS)("%s", (_, check) => {
  const refused = VALUES.map((value) => {
    const issues = new Issues();
    check(issues, value);
    return issues.list.map(({ code, path }) => [code, path]);
  });
  expect(refused).toEqual(VALUES.map(() => [["invalid-option", ["limit"]]]));
});
