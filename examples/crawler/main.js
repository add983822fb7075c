/**
 * A crawler: a page is fetched, and every page that it links to is crawled in the same way, three at once, as deep as the
 * links go. All of it is one run: one report, one limit, one place to call it off.
 *
 *     node main.js
 */
import { flow, map, summarizeError, task } from "@astrum/core";

/** The pages of a small site, and where they link to. One link leads nowhere. */
const SITE = new Map([
  ["/", ["/docs", "/blog"]],
  ["/docs", ["/docs/start", "/docs/api"]],
  ["/docs/start", []],
  ["/docs/api", ["/docs/start", "/docs/gone"]],
  ["/blog", ["/blog/first"]],
  ["/blog/first", ["/"]],
]);

/** @type {Set<string>} */
const seen = new Set(["/"]);

/** @param {string} url */
async function fetchPage(url) {
  await new Promise((resolve) => setTimeout(resolve, 2));
  const links = SITE.get(url);
  if (links === undefined) throw new Error(`${url} was not found`);
  return links;
}

/**
 * A page, and all that it links to and nobody has seen. The function of an item returns a flow, which the item becomes.
 *
 * @param {string} url
 * @returns {import("@astrum/core").Flow<unknown>}
 */
function pageFlow(url) {
  const links = task("links", () => fetchPage(url), { retry: 1 });
  const fresh = task("fresh", { links }, ({ links }) => {
    const found = links.filter((link) => !seen.has(link));
    for (const link of found) seen.add(link);
    return found;
  });
  return flow("page", {
    below: map("below", fresh, pageFlow, { key: (link) => link, items: "settled" }),
  });
}

const report = await pageFlow("/").run({ concurrency: 3, maxTasks: 1000 });
report.unwrap(); // Throws where the first page is not there.
const pages = report.taskStatistics.filter(
  ({ taskName, status }) => taskName.endsWith("links") && status === "completed",
);
console.log(`${pages.length} pages, ${report.peakConcurrency} at once`);
for (const { task, error } of report.failures) console.log(`  ${task}: ${summarizeError(error)}`);
