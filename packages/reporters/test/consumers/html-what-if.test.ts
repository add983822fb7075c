/** The panel "What if" in a real browser: the machine in its worker, under the policy of the page. */
import { flow, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { whatIf } from "@astrum/core/whatif";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scriptHash } from "../../src/html/assets.generated.ts";
import { renderHtml } from "../../src/index.ts";
import { duration } from "../../src/wording/duration.ts";
import { exampleRun } from "../example-runs.ts";
import { fixture } from "../fixtures.ts";
import { nestedRun } from "../nested-runs.ts";
import { openBrowser } from "./browser.ts";
import { type OpenPage, withPage, withServedPage } from "./html-page.ts";

let browser: Browser;
let release: SerializedReport;

beforeAll(async () => {
  browser = await openBrowser();
  release = await exampleRun("release");
});

afterAll(() => browser.close());

/** When the run simulated unchanged has been answered. */
async function answered(page: Page): Promise<void> {
  await page.locator(".answer .takes").waitFor();
}

async function press(page: Page, label: string, key: string): Promise<void> {
  await page.getByRole("slider", { name: label }).focus();
  await page.keyboard.press(key);
  await page.locator(".answer .bar.what-if").waitFor({ state: "attached" });
}

function place(page: Page): Promise<string | null> {
  return page.locator(".answer").getAttribute("data-place");
}

describe("The panel", () => {
  it("says at once what the machine says of the report, which runs in a worker", async () => {
    await withPage(browser, renderHtml(release), async ({ page, complaints }) => {
      await answered(page);
      const { asRun, changes } = whatIf(release, [
        { concurrency: 1 },
        { concurrency: 1, longestFirst: true },
      ]);
      expect(await page.locator(".takes").textContent()).toBe(duration(asRun.makespanMs));
      await press(page, "slots", "Home");
      const takes = page.locator(".takes");
      expect(await takes.textContent()).toBe(duration(changes[0]?.makespanMs ?? 0));
      const longer = -(changes[0]?.savedMs ?? 0);
      expect(await page.locator(".gain").textContent()).toBe(
        `takes ${duration(longer)} longer, ${Math.round((100 * longer) / asRun.makespanMs)} %`,
      );
      await page.getByRole("switch", { name: "the longest path first" }).check();
      await page.locator(".answer code", { hasText: "estimatesFrom" }).waitFor();
      expect(await takes.textContent()).toBe(duration(changes[1]?.makespanMs ?? 0));
      expect(await page.locator(".answer code").textContent()).toBe(
        "run({ concurrency: 1, estimates: estimatesFrom(report) })",
      );
      expect(await place(page)).toBe("worker");
      expect(complaints).toEqual([]);
    });
  });

  it.each(["nightly", "backfill"] as const)(
    "does so for the example %s, at both ends of every slider",
    async (name) => {
      const report = await exampleRun(name);
      await withPage(browser, renderHtml(report), async ({ page }) => {
        await answered(page);
        const sliders = page.getByRole("slider");
        for (let at = 0; at < (await sliders.count()); at++) {
          const label = (await page.locator(".lever label").nth(at).textContent()) ?? "";
          const named = label.replace("items at once of ", "");
          for (const [key, value] of [
            ["End", Number.POSITIVE_INFINITY],
            ["Home", 1],
          ] as const) {
            const change =
              label === "slots"
                ? { concurrency: value }
                : label === named
                  ? { resources: { [named]: value } }
                  : { mapConcurrency: { [named]: value } };
            const [expected] = whatIf(report, [change]).changes;
            await sliders.nth(at).focus();
            await page.keyboard.press(key);
            const text = duration(expected?.makespanMs ?? 0);
            await page.locator(".lengths li:nth-child(2) b", { hasText: text }).waitFor();
          }
          await page.getByRole("button", { name: "As it ran" }).click();
          await page.locator(".bar.what-if").waitFor({ state: "detached" });
        }
      });
    },
  );

  it("goes back to the run as it was, with every slider and switch", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await answered(page);
      await press(page, "slots", "End");
      await page.getByRole("switch", { name: "nothing failed" }).check();
      const slider = page.getByRole("slider", { name: "slots" });
      expect(await slider.getAttribute("aria-valuetext")).toBe("no limit");
      await page.getByRole("button", { name: "As it ran" }).click();
      await page.locator(".bar.what-if").waitFor({ state: "detached" });
      expect(await slider.getAttribute("aria-valuetext")).toBe("4 slots");
      expect(await page.getByRole("switch", { name: "nothing failed" }).isChecked()).toBe(false);
      expect(await page.locator(".gain").textContent()).toBe(
        "the run simulated unchanged, which is exact",
      );
    });
  });

  it("is worked with the keyboard alone, and tells a screen reader what it says, not while it is opened", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await answered(page);
      const said = page.locator("#said[aria-live=polite]");
      expect(await said.textContent()).toBe("");
      await page.getByRole("slider", { name: "slots" }).focus();
      await page.keyboard.press("ArrowLeft");
      await page
        .locator("#said", { hasText: /^It takes .+longer, \d+ %\. Bound by/ })
        .waitFor({ state: "attached" });
      expect(await page.getByRole("slider", { name: "slots" }).getAttribute("aria-valuetext")).toBe(
        "3 slots",
      );
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Space");
      expect(await page.getByRole("switch", { name: "the longest path first" }).isChecked()).toBe(
        true,
      );
      // What opens the filter elsewhere is a number of the slider's own here.
      expect(await page.evaluate("document.activeElement?.getAttribute('role')")).toBe("switch");
    });
  });

  it("draws the run that would be under the one that was, and takes it away again", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await answered(page);
      expect(await accented(page)).toBe(0);
      await press(page, "slots", "Home");
      await expect.poll(() => accented(page)).toBeGreaterThan(0);
      const height = await page.evaluate(TALL);
      await page.getByRole("button", { name: "As it ran" }).click();
      await expect.poll(() => accented(page)).toBe(0);
      const before = await page.evaluate(TALL);
      expect(height).toBeGreaterThan(before as number);
    });
  });

  it("does so in every order of the rows, folded and not, and with flows inside of tasks", async () => {
    await withPage(
      browser,
      renderHtml(await nestedRun({ fails: true })),
      async ({ page, complaints }) => {
        await answered(page);
        await press(page, "slots", "Home");
        const values =
          "Array.from(document.querySelectorAll('#grouping option'), ({ value }) => value)";
        for (const value of (await page.evaluate(values)) as string[]) {
          await page.locator("#grouping").selectOption(value);
          await expect.poll(() => accented(page)).toBeGreaterThan(0);
        }
        // Chromium remarks on how this test reads the picture.
        expect(complaints.filter((one) => !one.includes("willReadFrequently"))).toEqual([]);
      },
    );
  });

  const TALL = "document.querySelector('.timeline .tall').clientHeight";
  /** How many pixels of the rows have the colour of what would be. */
  const ACCENTED = `() => {
    const canvas = document.querySelector(".timeline .rows canvas");
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) count++;
    return count;
  }`;
  async function accented(page: Page): Promise<number> {
    return (await page.evaluate(`(${ACCENTED})()`)) as number;
  }
});

describe("The policy of the page", () => {
  it("lets a worker start from a text of the page, and nothing else that it did not", async () => {
    await withPage(browser, renderHtml(release), async ({ page, requests }) => {
      await answered(page);
      const policy = await page.locator("meta[http-equiv]").getAttribute("content");
      expect(policy?.split("; ").map((one) => one.replace(/'sha256-[^']+'/g, "#"))).toEqual([
        "default-src 'none'",
        "script-src # #",
        "worker-src blob:",
        "style-src #",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
      ]);
      expect(requests.map((one) => one.replace(/^(blob:).*/, "$1"))).toEqual([page.url(), "blob:"]);
      expect(await page.evaluate(TRIED)).toEqual({
        eval: "refused",
        function: "refused",
        fetch: "refused",
        script: "refused",
        blobScript: "refused",
        frame: "refused",
        dataWorker: "refused",
        fileWorker: "refused",
      });
    });
  });

  it("holds in the worker too: it asks for nothing, loads nothing, makes no code of a text", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await answered(page);
      expect(await page.evaluate(IN_WORKER)).toEqual({
        eval: "refused",
        fetch: "refused",
        importScripts: "refused",
      });
    });
  });

  it("lets no worker start on a page that has no use for one", async () => {
    await withPage(browser, renderHtml(fixture("mixed")), async ({ page }) => {
      const policy = await page.locator("meta[http-equiv]").getAttribute("content");
      expect(policy).not.toContain("worker");
      expect(policy?.match(/sha256/g)).toHaveLength(2);
      const blob = `new Promise((done) => {
        try {
          const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"])));
          worker.onmessage = () => done("started");
          worker.onerror = () => done("refused");
        } catch { done("refused"); }
      })`;
      expect(await page.evaluate(blob)).toBe("refused");
    });
  });

  /** What a script could do that had got into the page. */
  const TRIED = `(async () => {
    const tried = {};
    const attempt = async (name, act) => {
      try { tried[name] = (await act()) ?? "refused"; } catch { tried[name] = "refused"; }
    };
    const loaded = (tag, attributes) => new Promise((done) => {
      const one = Object.assign(document.createElement(tag), attributes);
      one.onload = () => done("loaded");
      one.onerror = () => done(undefined);
      document.body.append(one);
      setTimeout(() => done(globalThis.gotIn === 1 ? "ran" : undefined), 300);
    });
    const worker = (address) => new Promise((done) => {
      const one = new Worker(address);
      one.onmessage = () => done("started");
      one.onerror = () => done(undefined);
      setTimeout(() => done(undefined), 300);
    });
    // What is evaluated from outside may make code of a text; what the page runs later may not.
    await new Promise((later) => setTimeout(later));
    await attempt("eval", () => (0, eval)("'ran'"));
    await attempt("function", () => new Function("return 'ran'")());
    await attempt("fetch", () => fetch("data:text/plain,a").then(() => "loaded"));
    await attempt("script", () => loaded("script", { textContent: "globalThis.gotIn = 1" }));
    await attempt("blobScript", () => loaded("script", { src: URL.createObjectURL(new Blob(["globalThis.gotIn = 1"])) }));
    await attempt("frame", () => loaded("iframe", { src: URL.createObjectURL(new Blob(["a"], { type: "text/html" })) })
      .then(() => { try { return document.querySelector("iframe").contentDocument.body.textContent === "a" ? "loaded" : undefined; } catch { return undefined; } }));
    await attempt("dataWorker", () => worker("data:text/javascript,postMessage(1)"));
    await attempt("fileWorker", () => worker("run.js"));
    return tried;
  })()`;

  const IN_WORKER = `new Promise((done) => {
    const text = \`(async () => {
      const tried = {};
      try { (0, eval)("1"); tried.eval = "ran"; } catch { tried.eval = "refused"; }
      try { await fetch("data:text/plain,a"); tried.fetch = "loaded"; } catch { tried.fetch = "refused"; }
      try { importScripts("data:text/javascript,1"); tried.importScripts = "loaded"; } catch { tried.importScripts = "refused"; }
      postMessage(tried);
    })()\`;
    const worker = new Worker(URL.createObjectURL(new Blob([text])));
    worker.onmessage = ({ data }) => done(data);
  })`;
});

describe("Where no worker may be started", () => {
  const expectTheSameAnswer = async ({ page }: OpenPage, where: string): Promise<void> => {
    await answered(page);
    await press(page, "slots", "Home");
    const [expected] = whatIf(release, [{ concurrency: 1 }]).changes;
    expect(await page.locator(".takes").textContent()).toBe(duration(expected?.makespanMs ?? 0));
    expect(await place(page)).toBe(where);
  };
  const INLINE = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";

  it("because the server forbids it, the page answers itself", async () => {
    await withServedPage(browser, renderHtml(release), `${INLINE}; worker-src 'none'`, (open) =>
      expectTheSameAnswer(open, "document"),
    );
  });

  it("because the browser has none, the page answers itself", async () => {
    const html = renderHtml(release);
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.addInitScript("delete globalThis.Worker");
      await withServed(html, page);
      await expectTheSameAnswer({ page, requests: [], complaints: [] }, "document");
    } finally {
      await context.close();
    }
  });

  it("in a sandbox that lets scripts run, it answers as well", async () => {
    const policy = "sandbox allow-scripts";
    await withServedPage(browser, renderHtml(release), policy, (open) =>
      expectTheSameAnswer(open, "worker"),
    );
  });

  it("nor the second script, because a server lets in the first alone, it says so, and the page is whole", async () => {
    const policy = `script-src '${scriptHash}'; style-src 'unsafe-inline'`;
    await withServedPage(browser, renderHtml(release), policy, async ({ page }) => {
      await page.waitForSelector("html[data-ready]");
      await page
        .getByText("Where this page was opened, the script that would run it again was not let in.")
        .waitFor();
      expect(await page.getByRole("grid").isVisible()).toBe(true);
    });
  });

  async function withServed(html: string, page: Page): Promise<void> {
    await page.route("**/*", (route) => route.fulfill({ body: html, contentType: "text/html" }));
    await page.goto("http://127.0.0.1:9/run.html");
  }
});

/** Moves a slider in one go as often as there are values. */
const MOVED = `(at, values) => {
  const slider = document.getElementById("lever-" + at);
  for (const value of values) {
    slider.value = String(value);
    slider.dispatchEvent(new Event("input"));
  }
}`;

describe("Where something fails while it answers", () => {
  it("the worker, what was asked is answered in the document, and no answer is taken for another", async () => {
    await withPage(browser, renderHtml(release), async ({ page, complaints }) => {
      await answered(page);
      // It dies of the next question, and says so twice.
      await page.evaluate(`Worker.prototype.postMessage = function () {
        for (const time of [1, 2]) this.onerror(new ErrorEvent("error", { message: "dead " + time }));
      }`);
      await page.evaluate(`(${MOVED})(0, [0, 1000])`);
      const [least, most] = whatIf(release, [
        { concurrency: 1 },
        { concurrency: Number.POSITIVE_INFINITY },
      ]).changes;
      expect(duration(least?.makespanMs ?? 0)).not.toBe(duration(most?.makespanMs ?? 0));
      await page.locator(".takes", { hasText: duration(most?.makespanMs ?? 0) }).waitFor();
      expect(await place(page)).toBe("document");
      expect(complaints).toEqual([]);
    });
  });

  it("the machine, it says so, and draws nothing that is the answer to another question", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await answered(page);
      await press(page, "slots", "Home");
      const rows = page.locator(".timeline .tall");
      const tall = (await rows.boundingBox())?.height ?? 0;
      await page.evaluate(`Worker.prototype.postMessage = function () {
        this.onmessage({ data: { fault: "no such limit" } });
      }`);
      await page.getByRole("slider", { name: "slots" }).press("End");
      await page.locator(".answer", { hasText: "It cannot be simulated: no such limit" }).waitFor();
      expect((await rows.boundingBox())?.height).toBeLessThan(tall);
      await page.locator("#said", { hasText: "no such limit" }).waitFor({ state: "attached" });
    });
  });
});

describe("Much at once", () => {
  it("ten thousand moves are two questions, and the last of them is answered, also when it is printed meanwhile", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await answered(page);
      await page.evaluate(`{
        const post = Worker.prototype.postMessage;
        window.asked = 0;
        Worker.prototype.postMessage = function (...args) {
          window.asked++;
          return post.apply(this, args);
        };
      }`);
      const values = Array.from({ length: 10_000 }, (_, at) => (at % 2 === 0 ? 1000 : 0));
      await page.evaluate(`(${MOVED})(0, ${JSON.stringify(values)})`);
      expect((await page.pdf()).subarray(0, 5).toString()).toBe("%PDF-");
      const [expected] = whatIf(release, [{ concurrency: 1 }]).changes;
      await page.locator(".takes", { hasText: duration(expected?.makespanMs ?? 0) }).waitFor();
      expect(await page.evaluate("window.asked")).toBe(2);
    });
  });

  it("two pages at once have a worker each, and each says what its own run takes", async () => {
    const nightly = await exampleRun("nightly");
    await withPage(browser, renderHtml(release), ({ page: one }) =>
      withPage(browser, renderHtml(nightly), async ({ page: other }) => {
        await Promise.all([answered(one), answered(other)]);
        await Promise.all([press(one, "slots", "Home"), press(other, "slots", "Home")]);
        for (const [page, report] of [
          [one, release],
          [other, nightly],
        ] as const) {
          const [expected] = whatIf(report, [{ concurrency: 1 }]).changes;
          const text = duration(expected?.makespanMs ?? 0);
          await page.locator(".takes", { hasText: text }).waitFor();
          expect(await place(page)).toBe("worker");
        }
      }),
    );
  });
});

describe("Where there is nothing to try", () => {
  const sentence = async (report: SerializedReport): Promise<string | null> => {
    const html = renderHtml(report);
    expect(html.includes("astrumMachine=") || html.includes("worker-src")).toBe(false);
    return withPage(browser, html, async ({ page }) => {
      expect(await page.getByRole("slider").count()).toBe(0);
      return page.locator("#what-if p").textContent();
    });
  };

  it("it says why: a report of version 1.0, a run that ended early, one that never began, a single attempt", async () => {
    expect(await sentence(fixture("mixed"))).toBe(
      "This report is of format version 1.0, which does not say what tasks held: the run cannot be tried with other numbers.",
    );
    const clock = new VirtualClock();
    const slow = task("slow", scripted(clock, { ms: 900 }));
    const bad = task("bad", scripted(clock, { ms: 100, throw: "down" }));
    const after = task("after", { bad }, () => 1);
    const stopped = await clock.run(
      flow("stopped", { slow, bad, after }).run({ clock, failure: "stop" }),
    );
    expect(await sentence(stopped.toJSON())).toBe(
      "The run ended before its tasks did, and nobody knows how long the rest would have taken: it cannot be tried with other numbers.",
    );
    const never = await clock.run(
      flow("never", { slow }).run({ clock, signal: AbortSignal.abort("no") }),
    );
    expect(await sentence(never.toJSON())).toBe(
      "Nothing ran, so there is no run to try with other numbers.",
    );
    expect(await sentence(await exampleRun("one"))).toBe(
      "There was a single attempt: other numbers would change nothing.",
    );
  });
});

describe("Without scripts", () => {
  it("there is no panel, and the knee is a picture with its sentence, which is what the machine says", async () => {
    const { knee } = whatIf(release);
    await withPage(
      browser,
      renderHtml(release),
      async ({ page, requests }) => {
        expect(await page.locator("#what-if").isVisible()).toBe(false);
        const figure = page.locator("#faster .knee");
        expect(await figure.locator("figcaption").textContent()).toBe(
          `Beyond ${knee.slots} slots nothing is gained, with everything else as it was. Its longest chain alone needs ${duration(release.analysis.bounds.dependencyMs)}.`,
        );
        const said = knee.points.map(
          ({ slots, makespanMs }) => `${duration(makespanMs)} on ${slots}`,
        );
        expect(await figure.getByRole("img").getAttribute("aria-label")).toBe(
          `How long it would take by slots: ${said.join(", ")}`,
        );
        expect(requests).toHaveLength(1);
      },
      { javaScriptEnabled: false },
    );
  });

  it("nor on paper: the panel is not printed, the knee is", async () => {
    await withPage(browser, renderHtml(release), async ({ page }) => {
      await answered(page);
      await page.emulateMedia({ media: "print" });
      expect(await page.locator("#what-if").isVisible()).toBe(false);
      expect(await page.locator(".knee").isVisible()).toBe(true);
    });
  });
});

describe("For everybody", () => {
  it.each(
    (["light", "dark"] as const).flatMap((scheme) =>
      [390, 1440].map((width) => [scheme, width] as const),
    ),
  )(
    "axe finds nothing, %s at %i pixels, and nothing is wider than the screen",
    async (colorScheme, width) => {
      await withPage(
        browser,
        renderHtml(await exampleRun("nightly")),
        async ({ page }) => {
          await answered(page);
          for (const key of ["End", "Home"]) {
            await press(page, "slots", key);
            await page.evaluate(axe.source);
            const found =
              await page.evaluate(`axe.run("#what-if, #faster", { resultTypes: ["violations"] }).then(({ violations }) =>
            violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 160)).join(" | ")))`);
            expect(found).toEqual([]);
            expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
          }
        },
        { colorScheme, viewport: { width, height: 900 } },
      );
    },
  );
});

describe("10,000 tasks", () => {
  it("are a page of less than a megabyte, with the machine in it", async () => {
    const html = renderHtml(await exampleRun("backfill"));
    expect(html).toContain("worker-src blob:");
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
  });
});
