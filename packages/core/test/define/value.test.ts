import { describe, expect, it } from "vitest";
import { flow, map, task, value } from "../../src/index.ts";

describe("A constant as an input, `value(…)`,", () => {
  it("is handed to the function as it is", async () => {
    const list = [1, 2];
    const shout = (text: string): string => text.toUpperCase();
    const a = task(
      "a",
      { list: value(list), shout: value(shout), none: value(undefined) },
      (got) => {
        expect(Object.keys(got)).toEqual(["list", "shout", "none"]);
        expect(got.list).toBe(list);
        return got.shout("hello");
      },
    );
    expect((await flow("f", { a }).run()).unwrap()).toEqual({ a: "HELLO" });
  });

  it("stands beside other inputs, and is seen by conditions", async () => {
    const rows = task("rows", () => 3);
    const inputs = { rows, limit: value(2) };
    const a = task("a", inputs, ({ rows, limit }) => rows + limit, {
      when: ({ limit }) => limit < 3,
    });
    expect((await flow("f", { a }).run()).unwrap()).toEqual({ a: 5 });
  });

  it("is a list to map over, and what each item is called with", async () => {
    const squares = map(
      "squares",
      value([1, 2, 3]),
      { by: value(10) },
      (n, _, { by }) => n * n * by,
    );
    expect((await flow("f", { squares }).run()).unwrap()).toEqual({ squares: [10, 40, 90] });
  });

  it("is compared when a run is resumed", async () => {
    const of = (day: string) => flow("f", { a: task("a", { day: value(day) }, ({ day }) => day) });
    const earlier = (await of("monday").run()).toJSON({ outputs: true });
    const same = await of("monday").run({ resumeFrom: earlier });
    expect(same.restoredTasks).toBe(1);
    const other = await of("tuesday").run({ resumeFrom: earlier });
    expect(other.unwrap()).toEqual({ a: "tuesday" });
    expect(other.resume?.rerun).toEqual([{ task: "a", why: 'its input "day" has another value' }]);
  });
});
