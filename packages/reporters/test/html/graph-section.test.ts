import { flow, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { expect, it } from "vitest";
import { graphSection } from "../../src/html/graph-section.ts";

it("a box of more than a thousand tasks says how long the longest of all took", async () => {
  const clock = new VirtualClock();
  const list = task("list", scripted(clock, { ms: 1 }));
  const read = Array.from({ length: 1200 }, (_, at) =>
    task(`read ${at}`, { list }, scripted(clock, { ms: at === 1100 ? 700 : 2 })),
  );
  // The critical path has a box of its own.
  const longest = task("longest", scripted(clock, { ms: 900 }));
  const reads = Object.fromEntries(read.map((one) => [one.name, one]));
  const all = flow("many", { longest, ...reads });
  const report = (await clock.run(all.run({ clock, concurrency: 2000 }))).toJSON();
  const picture = graphSection(report)?.text ?? "";
  expect(picture).toMatch(/>read 0 \+1,199<.*✓ 700 ms</);
});
