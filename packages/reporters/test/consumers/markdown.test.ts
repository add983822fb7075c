import { describe, expect, it } from "vitest";
import { renderMarkdown } from "../../src/index.ts";
import { visible } from "../../src/wording/visible.ts";
import { failedTasks, fixture, fixtureNames } from "../fixtures.ts";
import { run, withFile } from "./programs.ts";

/** With raw HTML let through, as the worst reader would. */
function html(markdown: string): string {
  const { code, stdout, stderr } = run(
    "cmark-gfm",
    ["--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tagfilter"],
    markdown,
  );
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

const READ = `
import json, sys
from html.parser import HTMLParser
class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.rows, self.row, self.cell = {}, [], None, None
    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag == "tr": self.row = []
        if tag in ("td", "th"): self.cell = ""
    def handle_endtag(self, tag):
        if tag in ("td", "th"): self.row.append(self.cell); self.cell = None
        if tag == "tr": self.rows.append(self.row)
    def handle_data(self, data):
        if self.cell is not None: self.cell += data
reader = Reader()
reader.feed(open(sys.argv[1], encoding="utf-8").read())
print(json.dumps({"tags": sorted(reader.tags), "rows": reader.rows}))
`;

function read(markdown: string): { tags: string[]; rows: string[][] } {
  const { stdout, stderr } = withFile(html(markdown), (file) => run("python3", ["-c", READ, file]));
  expect(stderr).toBe("");
  return JSON.parse(stdout) as { tags: string[]; rows: string[][] };
}

const OURS = [
  "blockquote",
  "code",
  "details",
  "h3",
  "li",
  "p",
  "pre",
  "summary",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "ul",
];

describe.each(fixtureNames)("the fixture %s as Markdown, as cmark-gfm reads it", (name) => {
  const report = fixture(name);
  const { tags, rows } = read(renderMarkdown(report));

  it("holds no element, link or image that we did not write", () => {
    expect(tags.filter((tag) => !OURS.includes(tag))).toEqual([]);
  });

  it("lists every task in a row of four cells with its name as it is", () => {
    const head = rows.findIndex((row) => row.join(" ") === "status took task why");
    const listed = head < 0 ? [] : rows.slice(head + 1);
    expect(listed.every((row) => row.length === 4)).toBe(true);
    expect(listed.map((row) => row[2])).toEqual(
      report.taskStatistics.map(({ taskName }) => visible(taskName)),
    );
  });

  it("keeps failures in a page for a comment", () => {
    const page = renderMarkdown(report, { maxBytes: 60_000 });
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(60_000);
    if (report.failedTasks > 0) expect(page).toContain(`### ${failedTasks(report)} failed`);
    if (page.length < renderMarkdown(report).length)
      expect(page).toContain("Left out to stay within the size limit");
  });
});
