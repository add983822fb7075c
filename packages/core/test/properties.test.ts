import { describe, it } from "vitest";
import { randomCaches, randomChains, randomNests, randomRuns } from "./random-runs.ts";

const SEED = 20_260_101;
const CASES = 300;

describe("Whatever the graph, its tasks and its caller do", () => {
  // Many more: `pnpm test:slow`, and `pnpm stress --cases 1000000`.
  it(`every promise holds (${CASES} random runs from seed ${SEED})`, { timeout: 60_000 }, () =>
    randomRuns(CASES, SEED),
  );

  it(
    `nothing stored is lost or wrong (${CASES} random chains of runs from seed ${SEED})`,
    {
      timeout: 60_000,
    },
    () => randomChains(CASES, SEED),
  );

  it(
    `flows in flows keep what is promised of them (${CASES} random runs from seed ${SEED})`,
    {
      timeout: 60_000,
    },
    () => randomNests(CASES, SEED),
  );

  it(
    `a cache gives what is right, once, and fails no run (${CASES} random runs that share one from seed ${SEED})`,
    {
      timeout: 60_000,
    },
    () => randomCaches(CASES, SEED),
  );
});
