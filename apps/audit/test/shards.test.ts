import { expect, test } from "vitest";
import { inShards } from "../src/shards.ts";

const shards = (...pieces: number[]) =>
  inShards(
    pieces,
    128,
    (size) => `piece ${size}`,
    (size) => size,
  );
const sizes = (...pieces: number[]) => shards(...pieces).map(({ pieces }) => pieces);

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

test("each says how many there are, and is called by its first piece", () => {
  expect(shards(60, 128).map(({ name, of }) => `${name} of ${of}`)).toEqual([
    "piece 60 of 2",
    "piece 128 of 2",
  ]);
});

test("names that are too long for a key are cut, and stay different", () => {
  const names = ["a", "b"].map((end) => "x".repeat(400) + end);
  const cut = inShards(names, 1, (name) => name).map(({ name }) => name);
  expect(cut.map(({ length }) => length)).toEqual([256, 256]);
  expect(new Set(cut).size).toBe(2);
});
