import { describe, expect, it } from "vitest";
import { ticks, View } from "../../page/view.ts";
import { instantText } from "../../src/wording/time-axis.ts";

/** What is written on an axis of so many pixels for a run of so many seconds. */
function axis(seconds: number, pixels: number): string[] {
  const view = new View(seconds * 1e6);
  view.place(0, pixels);
  return ticks(view).map(instantText);
}

describe("the ticks of the time axis", () => {
  it("are minutes and hours as people count them, and say no zeros", () => {
    expect(axis(4 * 3600, 1000)).toEqual([
      "0 ms",
      "30 min",
      "1 h",
      "1 h 30 min",
      "2 h",
      "2 h 30 min",
      "3 h",
      "3 h 30 min",
      "4 h",
    ]);
    expect(axis(3600, 600)).toEqual([
      "0 ms",
      "10 min",
      "20 min",
      "30 min",
      "40 min",
      "50 min",
      "1 h",
    ]);
    expect(axis(100 * 60, 700).slice(0, 4)).toEqual(["0 ms", "15 min", "30 min", "45 min"]);
  });

  it("are at least two where there is room for two", () => {
    expect(axis(43.5, 215)).toEqual(["0 ms", "15 s", "30 s"]);
    expect(axis(0.413, 225)).toEqual(["0 ms", "200 ms", "400 ms"]);
  });

  it("are 10, 15 and 30 seconds, and tens below one", () => {
    expect(axis(59, 600)).toEqual(["0 ms", "10 s", "20 s", "30 s", "40 s", "50 s"]);
    expect(axis(100, 700).slice(0, 6)).toEqual([
      "0 ms",
      "15 s",
      "30 s",
      "45 s",
      "1 min",
      "1 min 15 s",
    ]);
    expect(axis(0.5, 500).slice(0, 4)).toEqual(["0 ms", "100 ms", "200 ms", "300 ms"]);
  });

  it("are some on every screen, of runs of any length", () => {
    for (const seconds of [1e-6, 1e-4, 0.02, 1, 7, 61, 900, 5000, 90_000, 1e6, 1e8]) {
      for (const pixels of [250, 1200, 2300]) {
        const count = axis(seconds, pixels).length;
        expect(count).toBeLessThan(2 + pixels / 90);
        if (seconds > 1e-4) expect(count).toBeGreaterThan(1);
      }
    }
  });
});
