import { expect, test } from "vitest";
import { apartOf } from "../src/apart.ts";

test.each([
  ["test/a.js", "test"],
  ["packages/x/__tests__/a.ts", "test"],
  ["src/test/java/A.java", "test"],
  ["packages/plugin/test-fixtures/a/input.js", "test"],
  ["storage/testdata/a.go", "test"],
  ["e2e/a.ts", "test"],
  ["src/a.test.ts", "test"],
  ["src/a.spec.tsx", "test"],
  ["src/a_test.go", "test"],
  ["tests.py", "test"],
  ["pkg/test_a.py", "test"],
  ["pkg/conftest.py", "test"],
  ["src/OrderTest.java", "test"],
  ["setup-jest.ts", "test"],
  ["src/setupTests.ts", "test"],
  ["jest.config.js", "test"],
  ["vitest.setup.mts", "test"],
  ["benchmarks/a.py", "test"],
  ["examples/basic/a.ts", "example"],
  ["docs/samples/a.md", "example"],
  ["playground/a.js", "example"],
  ["src/Button.stories.tsx", "example"],
  ["vendor/github.com/a/b.go", "vendored"],
  ["third_party/a/test/b.c", "vendored"],
  ["shop/migrations/0010_sizes.py", "migration"],
  ["db/migrate/20260101_orders.rb", "migration"],
])("%s is apart: %s", (path, expected) => {
  expect(apartOf(path)).toBe(expected);
});

test.each([
  "src/a.ts",
  "src/latest.ts",
  "src/contest/a.ts",
  "src/attest.go",
  "src/testing/a.ts",
  "src/inspect/a.ts",
  "src/vendors.ts",
  "src/resample/a.py",
  "docs/examples.md",
  "test",
])("%s counts", (path) => {
  expect(apartOf(path)).toBeUndefined();
});
