import { describe, expect, it } from "vitest";
import { insight } from "../../src/asking/insight.ts";
import { renderHtml } from "../../src/index.ts";
import { duration } from "../../src/wording/duration.ts";
import { type Fixture, makespan, ran, tasks } from "../asking/advised-runs.ts";

/** Four of a second on two units; there is one slot. */
const limited: Fixture = {
  options: { concurrency: 1, resources: { db: 2 } },
  make: (clock, twist) =>
    tasks(
      clock,
      twist,
      Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, [1000, [], 1]])),
    ),
};

const caption = (page: string): string | undefined =>
  /<figcaption>(.*?)<\/figcaption>/s.exec(page)?.[1];

describe("Below the curve of the makespan by slots", () => {
  it("is the number beyond which nothing is gained with everything else as it was, and the longest chain", async () => {
    const report = await ran(limited);
    expect(caption(renderHtml(report))).toBe(
      "Beyond 2 slots nothing is gained, with everything else as it was. It ran on 1, the open dot. Its longest chain alone needs 1 s.",
    );
    expect(insight(report).advice?.knee.points.at(-1)).toEqual({ slots: 2, makespanMs: 2000 });
    expect(makespan(await ran(limited, { concurrency: 2 }))).toBe(2000);
    expect(makespan(await ran(limited, { concurrency: 100 }))).toBe(2000);
    // Of more units more slots make more.
    const more = await ran(limited, { concurrency: 100, resources: { db: 4 } });
    expect(duration(makespan(more))).toBe("1 s");
  });
});
