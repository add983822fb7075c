import { fromEvents } from "@astrum/core";
import { describe } from "vitest";
import { testObserver, testRunner } from "../src/index.ts";

describe("fromEvents", () => testObserver(() => fromEvents("listener", () => {})));

describe("The plain call", () =>
  testRunner(() => ({
    runner: (attempt) => attempt.run(...attempt.args, attempt.context),
  })));
