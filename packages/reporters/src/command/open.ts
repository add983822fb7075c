/** `open`: a run as an HTML page, in the browser. */
import { renderHtml } from "../html/render-html.ts";
import type { Command } from "./arguments.ts";
import { notStandardOutput, showPage } from "./browser.ts";
import { exit } from "./exit-code.ts";
import { patterns } from "./option-values.ts";
import { notAnInput } from "./output.ts";
import { readRun } from "./read-run.ts";
import { FLOW, REDACT } from "./shared-options.ts";

export const openCommand: Command = {
  name: "open",
  takes: "FILE",
  files: { least: 1, most: 1 },
  about: "The run as an HTML page, in the browser.",
  more: "The page is one file, which asks for nothing; its path is printed. Without --out it is a\ntemporary one.",
  options: {
    out: { takes: "FILE", help: "write the page there" },
    "no-open": { help: "open no browser" },
    flow: FLOW,
    redact: REDACT,
  },
  prepare(given, problems) {
    const [file = ""] = given.files;
    const out = given.text("out");
    const flow = given.text("flow");
    const redact = patterns("--redact", given.all("redact"), problems);
    notAnInput(out, given.files, problems);
    notStandardOutput(out, problems);
    return async (desk) => {
      const report = await readRun(file, flow, desk);
      const name = report.run.flow || report.run.id;
      const where = { out, browse: !given.flag("no-open") };
      await showPage(renderHtml(report, { redact }), name, where, desk);
      return exit.good;
    };
  },
};
