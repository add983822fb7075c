/**
 * The cache of random chains of runs, which all lives have: in each it works well, or it is late, forgets, throws, or never
 * answers. It judges nothing.
 */
import type { CacheStore } from "../src/index.ts";
import type { VirtualClock } from "../src/testing.ts";
import type { Life } from "./random-chain.ts";

const LATE_MS = 7;

/** The store as one life finds it; `kept`: what all of them keep. */
export function storeOf(
  { store }: Life,
  kept: Map<string, string>,
  clock: VirtualClock,
): CacheStore | undefined {
  switch (store) {
    case "none":
      return undefined;
    case "late":
      return {
        get: (key) => clock.wait(LATE_MS).then(() => kept.get(key)),
        set: (key, text) => clock.wait(LATE_MS).then(() => kept.set(key, text)),
      };
    case "get throws":
      return {
        get: () => {
          throw new Error("no cache");
        },
        set: (key, text) => void kept.set(key, text),
      };
    case "set throws":
      return { get: (key) => kept.get(key), set: () => Promise.reject(new Error("no room")) };
    case "forgets":
      return { get: () => undefined, set: () => {} };
    case "never answers":
      return { get: () => new Promise(() => {}), set: () => new Promise(() => {}) };
    default:
      return kept;
  }
}

/** What a run may say of its cache: what this store does, and that a key or a result has no encoding. */
export function faultsOf({ store }: Life): readonly RegExp[] {
  const always = [
    / is not cached, since it has no encoding: /,
    / nothing is cached, since its key /,
  ];
  switch (store) {
    case "get throws":
      return [...always, /^The cache could not be read: no cache$/];
    case "set throws":
      return [...always, /^The cache could not be written: no room$/];
    case "never answers":
      return [
        ...always,
        /^The cache could not be read: it had not answered after 10000 ms$/,
        /^The cache had not written everything 10000 ms after the run$/,
      ];
    default:
      return always;
  }
}
