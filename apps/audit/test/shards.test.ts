import { expect, test } from "vitest";
import { inShards } from "../src/shards.ts";

const sizes = (...pieces: number[]): number[][] => inShards(pieces, (size) => size * 1024);

test("pieces share a shard while they fit, in their order", () => {
  expect(sizes(60, 60, 8, 1, 127, 1)).toEqual([[60, 60, 8], [1, 127], [1]]);
});

test("a piece that is too large for any shard is one by itself", () => {
  expect(sizes(1, 1000, 1)).toEqual([[1], [1000], [1]]);
});

test("nothing makes no shard, and pieces of no size share one", () => {
  expect(sizes()).toEqual([]);
  expect(sizes(0, 0)).toEqual([[0, 0]]);
});
