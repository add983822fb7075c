import { describe, expect, it } from "vitest";
import { reporters } from "../../src/index.ts";
import {
  cut,
  visible,
  visibleLines,
  visibleMessage,
  visibleName,
} from "../../src/wording/visible.ts";
import { fixture } from "../fixtures.ts";

describe("what would act on a screen is shown by a sign", () => {
  it.each([
    ["a\nb\tc\0", "a␊b␉c␀"],
    ["\u001b[31mred\u007f", "␛[31mred␡"],
    ["\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
    ["\u0085\u2028", "\\u0085\\u2028"],
    ["\ud800x\udc00\uffff", "\ufffdx\ufffd\ufffd"],
    ["שלום 👨‍👩‍👧‍👦 é", "שלום 👨‍👩‍👧‍👦 é"],
  ])("%j", (text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(visible(visible(text))).toBe(shown);
  });

  it("a blank name stands in quotes", () => {
    expect([visibleName(""), visibleName("  "), visibleName("a")]).toEqual(['""', '"  "', "a"]);
  });

  it("several lines keep their breaks and lose colours, titles and links", () => {
    const text =
      "\u001b[1;31mbold\u001b[0m\r\n\u001b]8;;https://x\u0007link\u001b]8;;\u0007\ttab\rnext";
    expect(visibleLines(text)).toBe("bold\nlink  tab\nnext");
    expect(visibleMessage(`\n ${text}`)).toBe("bold");
  });

  it("a long text is cut between characters, never through one", () => {
    expect(cut("😀😀😀😀", 3)).toBe("😀😀…");
    expect(cut("abc", 3)).toBe("abc");
  });
});

describe("no direction override reaches a reader", () => {
  it.each(["text", "markdown", "tap", "mermaid", "gantt", "dot", "svg", "github"] as const)(
    "of %s",
    (name) => {
      expect(reporters[name].render(fixture("hostile"))).not.toMatch(/\p{Bidi_Control}/u);
    },
  );
});
