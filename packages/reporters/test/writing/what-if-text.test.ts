import { RateLimit } from "@astrum/core";
import { whatIf } from "@astrum/core/whatif";
import { describe, expect, it } from "vitest";
import { renderWhatIfText } from "../../src/writing/what-if-text.ts";
import { type Fixture, ran, tasks } from "../asking/advised-runs.ts";

describe("A change in a line", () => {
  it("says of a rate how often so much of it comes back, and of a budget nothing", async () => {
    const calls: Fixture = {
      options: {
        resources: {
          llm: new RateLimit({ limit: 1, perMs: 1000 }),
          money: new RateLimit({ limit: 9, perMs: Number.POSITIVE_INFINITY }),
        },
      },
      make: (clock, twist) => tasks(clock, twist, { a: [5] }),
    };
    const report = await ran(calls);
    const changes = [{ resources: { llm: 4 } }, { resources: { money: 12 } }];
    const text = renderWhatIfText(report, whatIf(report, changes), undefined);
    expect(text).toContain(" 4 of llm each 1 s\n");
    expect(text).toContain(" 12 of money\n");
  });
});
