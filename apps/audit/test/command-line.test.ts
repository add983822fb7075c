import { describe, expect, test } from "vitest";
import { type CommandLine, parseCommandLine } from "../src/command-line.ts";

const parse = (line: string): CommandLine => parseCommandLine(line.split(" ").filter(Boolean));

test("without arguments, the defaults", () => {
  expect(parse("")).toEqual({
    command: "audit",
    options: {
      path: undefined,
      out: ".astrum-audit",
      workers: "auto",
      maxDup: 5,
      failOn: ["links", "cycles"],
      progress: "auto",
      report: ["html", "json"],
      otlp: undefined,
      metrics: undefined,
      chaos: 0,
      seed: 1,
      from: undefined,
      resume: false,
      plan: false,
      json: false,
    },
  });
});

test("every option, before or after the path", () => {
  const line =
    "--out b --workers=0 --max-dup 0 a --fail-on dup,links --json --progress plain " +
    "--report md,html,md --otlp http://c:4318 --metrics 9464 --chaos .05 --seed 7 --resume";
  const failOn = ["links", "dup"];
  const options = {
    path: "a",
    out: "b",
    workers: 0,
    maxDup: 0,
    failOn,
    progress: "plain",
    report: ["html", "md"],
    otlp: "http://c:4318",
    metrics: 9464,
    chaos: 0.05,
    seed: 7,
    from: undefined,
    resume: true,
    plan: false,
    json: true,
  };
  expect(parse(line)).toEqual({ command: "audit", options });
});

test("--fail-on none lets nothing fail", () => {
  expect(parse("--fail-on none")).toMatchObject({ options: { failOn: [] } });
});

test("--plan, --from and a file of metrics", () => {
  expect(parse("--plan")).toMatchObject({ options: { plan: true } });
  const options = { from: "run.ndjson", metrics: "./9464" };
  expect(parse("--from run.ndjson --metrics ./9464")).toMatchObject({ options });
});

test("--report none writes none", () => {
  expect(parse("--report none")).toMatchObject({ options: { report: [] } });
});

test("after -- everything is a path", () => {
  expect(parse("-- --plan")).toMatchObject({ options: { path: "--plan", plan: false } });
});

test.each([
  ["--help", "help"],
  ["-h --seed x", "help"],
  ["--version", "version"],
  ["-v", "version"],
])("%s asks for %s", (line, command) => {
  expect(parse(line)).toEqual({ command });
});

describe("wrong usage is told, with the way out:", () => {
  test.each([
    ["--max-dupe=3", 'Unknown option "--max-dupe". Did you mean "--max-dup"?'],
    ["--sed=3", 'Unknown option "--sed". Did you mean "--seed"?'],
    ["--failon=links", 'Unknown option "--failon". Did you mean "--fail-on"?'],
    ["--worker=3", 'Unknown option "--worker". Did you mean "--workers"?'],
    ["--threads=3", 'Unknown option "--threads"; "--help" lists the options'],
    ["-x", 'Unknown option "-x"; "--help" lists the options'],
    ["--__proto__", 'Unknown option "--__proto__"; "--help" lists the options'],
    ["--seed", '"--seed" needs a value'],
    ["--out=", '"--out" needs a value'],
    [
      "--out --json",
      '"--out" needs a value, got the option "--json"; write "--out=--json" if it is meant',
    ],
    ["--plan=yes", '"--plan" takes no value, got "yes"'],
    ["--workers=-1", 'Expected "--workers" to be a whole number from 0 to 4096, got "-1"'],
    ["--workers=4097", 'Expected "--workers" to be a whole number from 0 to 4096, got "4097"'],
    ["--seed 1.5", 'Expected "--seed" to be a whole number from 0 up, got "1.5"'],
    ["--seed 1e3", 'Expected "--seed" to be a whole number from 0 up, got "1e3"'],
    ["--max-dup=-1", 'Expected "--max-dup" to be a whole number from 0 up, got "-1"'],
    [
      "--fail-on links,secrets",
      '"--fail-on" does not know "secrets"; the kinds are links, cycles, dup, or "none"',
    ],
    [
      "--fail-on hotspots",
      '"--fail-on" does not know "hotspots"; every repository has some, so they fail nothing',
    ],
    [
      "--progress plan",
      'Expected "--progress" to be auto, tty, plain, ndjson, none, got "plan". Did you mean "plain"?',
    ],
    [
      "--report html,jsn",
      '"--report" takes html, json, ndjson, junit, trace, md, mermaid, dot, or "none", got "jsn". Did you mean "json"?',
    ],
    ["--otlp c:4318", 'Expected "--otlp" to be a URL such as http://localhost:4318, got "c:4318"'],
    [
      "--metrics 65536",
      'Expected "--metrics" to be a port up to 65535 or a file, got "65536"; a file of that name is "./65536"',
    ],
    ["--chaos 2", 'Expected "--chaos" to be a share from 0 to 1, such as 0.05, got "2"'],
    ["--chaos 5%", 'Expected "--chaos" to be a share from 0 to 1, such as 0.05, got "5%"'],
    ["--seed x", 'Expected "--seed" to be a whole number from 0 up, got "x"'],
    ["--from a b", '"--from" audits nothing and does not go with a path; leave one of them out'],
    [
      "--resume --plan",
      '"--plan" runs nothing and "--resume" goes on with a run; leave one of them out',
    ],
    ["a b", 'Expected one path, got "a", "b"'],
  ])("%s", (line, problem) => {
    expect(parse(line)).toEqual({ command: "usage", problems: [problem] });
  });

  test("all of it at once", () => {
    expect(parse("a b --jsno --seed")).toEqual({
      command: "usage",
      problems: [
        'Unknown option "--jsno". Did you mean "--json"?',
        '"--seed" needs a value',
        'Expected one path, got "a", "b"',
      ],
    });
    expect(parse("--seed x --max-dup y --fail-on z")).toMatchObject({ problems: { length: 3 } });
  });
});
