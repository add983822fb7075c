import type { SerializedReport } from "@astrum/core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHtml } from "../../src/index.ts";
import { fixture } from "../fixtures.ts";
import { openBrowser } from "./browser.ts";
import { withPage } from "./html-page.ts";

const attacks: readonly string[] = [
  "<script>window.executed = 1</script>",
  '"><img src=x onerror="window.executed = 1">',
  "'><svg onload='window.executed = 1'>",
  "</script><script>window.executed = 1</script>",
  "</style><script>window.executed = 1</script>",
  "</title><script>window.executed = 1</script>",
  "<!--<script>window.executed = 1</script>",
  "--><iframe srcdoc='<script>parent.executed = 1</script>'></iframe>",
  '" autofocus onfocus="window.executed = 1" x="',
  "' autofocus onfocus='window.executed = 1' x='",
  "javascript:window.executed=1",
  "</textarea></pre></code></svg></details><math><mtext><img src=x onerror=window.executed=1>",
  '<a href="javascript:window.executed=1">x</a><base href="https://example.invalid/">',
  '<meta http-equiv="refresh" content="0;url=javascript:window.executed=1"><link rel=stylesheet href=https://example.invalid/x.css>',
  "]]><![CDATA[<script>window.executed = 1</script>",
  "\\u003cscript>window.executed = 1\\u003c/script>",
];

/** Words of the format: a report with others is no report. */
const VOCABULARY = new Set([
  "format",
  "formatVersion",
  "startedAt",
  "executionState",
  "kind",
  "status",
  "link",
  "boundBy",
  "scope",
  "encoding",
  "why",
]);

/** A run with something in every field that can hold a text. */
function fullReport(): SerializedReport {
  const report = JSON.parse(JSON.stringify(fixture("mixed"))) as SerializedReport;
  const chosen = ["discover", "read", "read[8]", "read[44]", "flaky", "chosen", "broken", "behind"];
  const more = ["farther", "verdict", "notify", "stuck", "check-1"];
  const kept = new Set([...chosen, ...more]);
  report.taskStatistics = report.taskStatistics.filter(({ taskName }) => kept.has(taskName));
  report.run.targets = ["verdict"];
  report.outputs = { discover: { encoding: "json", value: ["text"] } };
  report.observerErrors = [{ name: "Error", message: "text", stack: "Error: text\n  at text" }];
  report.resume = {
    restored: ["flaky"],
    ignored: ["text"],
    rerun: [{ task: "read", why: "text" }],
  };
  for (const task of report.taskStatistics) {
    task.tags = ["text"];
    task.attributes = { text: "text" };
    for (const attempt of task.attemptStatistics) {
      attempt.executor = "text";
      attempt.limitedBy = "text";
    }
  }
  return report;
}

/** With the text in the place of every other, and behind every name of a task, so that names stay apart. */
function attacked(text: string, planned = true): SerializedReport {
  const report = fullReport();
  const names = new Map(
    report.taskStatistics.map(({ taskName }, index) => [taskName, `${text} ${index}`]),
  );
  const replaced = replace(report, names, text) as SerializedReport;
  if (!planned)
    replaced.planIssues = [{ code: text, message: text, path: [text, text], suggestion: text }];
  return replaced;
}

function replace(value: unknown, names: ReadonlyMap<string, string>, text: string): unknown {
  if (typeof value === "string") return names.get(value) ?? text;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => replace(one, names, text));
  const known = new Set(Object.keys(value));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      // The keys that users choose are texts too.
      names.get(key) ?? (key === "text" && known.size === 1 ? text : key),
      VOCABULARY.has(key) ? one : replace(one, names, text),
    ]),
  );
}

type Elements = Readonly<Record<string, number>>;

/** How many elements of each kind there are; a link that runs something is a kind of its own. */
async function elements(page: Page): Promise<Elements> {
  return (await page.evaluate(`Array.from(document.querySelectorAll("*")).reduce((sum, one) => {
    const kind = one.localName + (/^\\s*javascript:/i.test(one.getAttribute("href") ?? "") ? " that runs" : "");
    return { ...sum, [kind]: (sum[kind] ?? 0) + 1 };
  }, {})`)) as Elements;
}

/** Everything a reader can do, and the elements after each step. */
async function lookAtEverything(page: Page, tasks: number): Promise<Elements[]> {
  const seen = [await elements(page)];
  await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
  for (let task = 0; task < tasks; task++) {
    await page.evaluate(`location.hash = "#t=${task}"`);
    await page.locator("#details h3 code", { hasText: new RegExp(` ${task}$`) }).waitFor();
    seen.push(await elements(page));
  }
  for (const grouping of ["map", "executor", "slot", "task"]) {
    await page.locator("#grouping").selectOption(grouping);
    await page.locator(".timeline .rows canvas").hover({ position: { x: 400, y: 10 } });
  }
  await page.locator("input[type=search]").fill("completed");
  seen.push(await elements(page));
  return seen;
}

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser.close());

const withoutPolicy = (html: string): string =>
  html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>\n/, "");

describe.each([
  ["its policy", (html: string) => html],
  ["no policy at all", withoutPolicy],
])("a page with %s, every text in it an attack", (_, served) => {
  let harmless: Elements[];
  const tasks = fullReport().taskStatistics.length;

  beforeAll(async () => {
    const html = served(renderHtml(attacked("text"), { outputs: true }));
    harmless = await withPage(browser, html, ({ page }) => lookAtEverything(page, tasks));
  });

  it.each(attacks)(
    "runs nothing, asks for nothing and has no element more for %s",
    async (attack) => {
      const html = served(renderHtml(attacked(attack), { outputs: true }));
      await withPage(browser, html, async ({ page, requests, complaints }) => {
        expect(await lookAtEverything(page, tasks)).toEqual(harmless);
        expect(await page.evaluate("window.executed ?? null")).toBeNull();
        expect(requests).toHaveLength(1);
        expect(complaints).toEqual([]);
      });
    },
  );

  it.each(attacks)("nor when the plan is wrong: %s", async (attack) => {
    const html = served(renderHtml(attacked(attack, false)));
    await withPage(browser, html, async ({ page, requests, complaints }) => {
      expect(await page.evaluate("window.executed ?? null")).toBeNull();
      // The page's own; the data, and the picture of the run, are texts.
      expect(await page.locator("script:not([type])").count()).toBe(1);
      expect(await page.locator("script[type]").count()).toBe(2);
      expect(await page.locator("img, iframe, base, link:not([rel=icon])").count()).toBe(0);
      expect(requests).toHaveLength(1);
      expect(complaints).toEqual([]);
    });
  });
});

it("a page that pastes its texts in is caught, by every attack that is one", async () => {
  const inert = attacks.at(-1);
  const looked = (text: string): Promise<boolean> => {
    const { run } = attacked(text);
    const naive = `<!doctype html><title>${run.flow}</title><h1 title="${run.flow}">${run.flow}</h1><style>/* ${run.id} */</style>
<input value='${run.flow}'><a href="${run.flow}">run</a><script>const run = ${JSON.stringify(run)};</script>`;
    return withPage(
      browser,
      naive,
      async ({ page, requests, complaints }) => {
        await page.waitForLoadState("networkidle");
        const executed = (await page.evaluate("window.executed ?? null")) !== null;
        const kinds = Object.keys(await elements(page))
          .sort()
          .join(" ");
        return executed || requests.length > 1 || complaints.length > 0 || kinds !== NAIVE;
      },
      { naive: true },
    );
  };
  expect(await looked("text")).toBe(false);
  for (const attack of attacks) expect(await looked(attack), attack).toBe(attack !== inert);
});

const NAIVE = "a body h1 head html input script style title";
