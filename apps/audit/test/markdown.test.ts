import { describe, expect, test } from "vitest";
import { markdownOf } from "../src/analyse/markdown.ts";

const anchors = (...lines: string[]): readonly string[] => markdownOf(lines.join("\n")).anchors;
const links = (...lines: string[]): readonly string[] =>
  markdownOf(lines.join("\n")).links.map(({ target, line }) => `${line} ${target}`);

describe("anchors of a document are", () => {
  test("its headings, as GitHub names them", () => {
    expect(anchors("# Hello, *World*!", "Two", "---", "### `map()` & co. — ünïcode 1.0")).toEqual([
      "hello-world",
      "two",
      "map--co--ünïcode-10",
    ]);
  });

  test("numbered when a heading is repeated", () => {
    expect(anchors("# A", "# A", "# a")).toEqual(["a", "a-1", "a-2"]);
  });

  test("the text of links in headings, not the text of images", () => {
    expect(anchors("# [Link](x.md) ![picture](x.png) end")).toEqual(["link--end"]);
  });

  test("raw HTML headings, ids and names, in the order of the headings", () => {
    const text = ["# Same", "", '<h2 id="own">Same</h2>', "", '<a name="n"></a>x <i id="i"></i>'];
    expect(anchors(...text)).toEqual(["same", "same-1", "own", "n", "i"]);
    expect(anchors('<h3 name="config">', "Configuration files", "</h3>")).toContain("config");
  });

  test("those that are written down for a site, without them in the name of the heading", () => {
    const lines = ["# A b {#own}", "## C {: #c-d }", "x {#in-text}", "## E {/*e-f*/}"];
    expect(anchors(...lines)).toEqual(["own", "c-d", "in-text", "e-f", "a-b", "c", "e"]);
  });

  test("not in code, comments or front matter", () => {
    const text = ["---", "a: b", "# no", "---", "```", "# no", "```", "<!--", "# no", "-->"];
    expect(anchors(...text)).toEqual([]);
  });

  test("in Markdown inside an HTML block", () => {
    expect(anchors("<details>", "", "## Inside", "", "</details>")).toEqual(["inside"]);
  });
});

describe("links of a document are", () => {
  test("inline links, images and autolinks, at the line where each begins", () => {
    const text = [
      "a [x](one.md) ![y](two.png)",
      "b [long",
      "link](three.md) <https://example.org>",
    ];
    expect(links(...text)).toEqual([
      "1 one.md",
      "1 two.png",
      "2 three.md",
      "3 https://example.org",
    ]);
  });

  test("definitions, where the target of reference-style links is written", () => {
    expect(links("[a][x], [x], ![i][x]", "", "[x]: <a b.md> 'title'")).toEqual(["3 a b.md"]);
  });

  test("in tables, lists, quotes and footnotes", () => {
    const text = [
      "|a|",
      "|-|",
      "|[t](t.md)|",
      "",
      "> - [q](q.md)",
      "",
      "x[^1]",
      "",
      "[^1]: [f](f.md)",
    ];
    expect(links(...text)).toEqual(["3 t.md", "5 q.md", "9 f.md"]);
  });

  test("raw HTML, at the line of its tag, whatever the line ends", () => {
    const text = ["x", "", "<p>", '  <img src="a.png">', "  <a", '   href="b.md">b</a>', "</p>"];
    const tail = ["", 'inline <a href="c.md">c</a>', '<source src="d.mp4">'];
    const expected = ["4 a.png", "5 b.md", "9 c.md", "10 d.mp4"];
    expect(links(...text, ...tail)).toEqual(expected);
    expect(links([...text, ...tail].join("\r\n"))).toEqual(expected);
  });

  test("not in code, comments or brackets without a target", () => {
    expect(links("`[a](a.md)`", "", "    [b](b.md)", "", "<!-- [c](c.md) -->", "[d][e]")).toEqual(
      [],
    );
  });
});

test.each([
  ["spaces", " "],
  ["line separators", "\u2028"],
])("half a million %s between two words are no work", (_, space) => {
  const spaces = space.repeat(500_000);
  expect(anchors(`# A${spaces}b`, "", `c${spaces}d`)).toHaveLength(1);
});
