import { expect, test } from "vitest";
import { hotspots } from "../src/hotspots.ts";

const complexity = { decisions: 50, line: 3, decisionsThere: 20 };

test("test code and what a program wrote take no rank from what counts", () => {
  const paths = ["src/a.ts", "src/made.ts", "test/b.ts", "src/c.ts"];
  const changes = paths.map((path, n) => [path, 10 + n] as const);
  const files = paths.map((path) => ({
    path,
    complexity,
    ...(path === "src/made.ts" && { generated: true as const }),
  }));
  const found = hotspots({ commits: 100, changes }, files);
  const told = found.map(({ path, message, apart }) => [path, message.slice(0, 6), apart]);
  expect(told).toEqual([
    ["src/c.ts", "rank 1", undefined],
    ["src/a.ts", "rank 2", undefined],
    ["test/b.ts", "rank 1", "test"],
    ["src/made.ts", "rank 2", "generated"],
  ]);
});
