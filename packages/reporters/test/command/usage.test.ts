import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { commands } from "../../src/command/commands.ts";
import { reporters } from "../../src/index.ts";
import { astrumReport } from "./in-process.ts";

const wrong = async (line: string): Promise<string[]> => {
  const { code, stdout, stderr } = await astrumReport(line);
  expect([code, stdout]).toEqual([64, ""]);
  return stderr
    .trimEnd()
    .split("\n")
    .map((told) => told.replace(/^astrum-report: /, ""));
};

describe("Wrong usage is told before anything is read, with the way out and the exit code 64:", () => {
  it.each([
    ["shwo run.json", 'Unknown command "shwo". Did you mean "show"?'],
    [
      "summary",
      'Unknown command "summary"; there are open, show, convert, compare, whatif, resume-info, strip',
    ],
    [
      "--out x show",
      'Expected a command before "--out": open, show, convert, compare, whatif, resume-info, strip',
    ],
    ["help shwo", 'Unknown command "shwo". Did you mean "show"?'],
    ["show", "Expected FILE"],
    ["show a b", 'Expected FILE, got "a", "b"'],
    ["compare a", 'Expected BEFORE AFTER, got "a"'],
    ["strip", "Expected FILE…"],
    ["show a --jsno", 'Unknown option "--jsno". Did you mean "--json"?'],
    ["show a -x", 'Unknown option "-x"; "--help" lists the options'],
    ["show a --__proto__", 'Unknown option "--__proto__"; "--help" lists the options'],
    ["show a --json=yes", '"--json" takes no value, got "yes"'],
    ["show a --flow", '"--flow" needs a value'],
    ["show a --flow=", '"--flow" needs a value'],
    [
      "show a --flow --json",
      '"--flow" needs a value, got the option "--json"; write "--flow=--json" if it is meant',
    ],
    ["show a --flow x --flow y", '"--flow" is given more than once'],
    [
      "show a --json --tasks",
      '"--json" has every task, and does not go with "--tasks"; leave one of them out',
    ],
    [
      "convert a --to jnuit",
      `Expected "--to" to be ${Object.keys(reporters).join(", ")}, got "jnuit". Did you mean "junit"?`,
    ],
    ["convert a", 'Expected "--to" with a format, or "--out" with a name that says which'],
    ["convert a --out b.pdf", 'The name "b.pdf" does not say which format; add "--to"'],
    ["compare a a", '"a" is given twice; two runs of one log are FILE#RUN each'],
    ["compare - -", '"-" is given more than once: standard input can be read once'],
    [
      "compare a b --json --html",
      '"--html" and "--json" do not go together; leave all but one of them out',
    ],
    ["compare a b --min-ms=-1", 'Expected "--min-ms" to be a number of milliseconds, got "-1"'],
    ["compare a b --min-ratio 10%", 'Expected "--min-ratio" to be a share, such as 0.1, got "10%"'],
    [
      "whatif a --concurrency 0",
      'Expected "--concurrency" to be a whole number from 1 up, or "unlimited", got "0"',
    ],
    [
      "open a --out -",
      'Expected "--out" to be a file, got "-": a browser opens no standard output',
    ],
    [
      "whatif a --map read",
      'Expected "--map" to be a name and a number, such as db=12, got "read"',
    ],
    [
      "whatif a --map read=1.5",
      'Expected "--map read" to be a whole number from 1 up, or "unlimited", got "1.5"',
    ],
    [
      "whatif a --resource db=x",
      'Expected "--resource db" to be a number from 0 up, or "unlimited", got "x"',
    ],
    ["whatif a --resource db=1 --resource db=2", '"--resource db" is given more than once'],
    [
      "whatif a --faster b=0",
      'Expected "--faster b" to be above 0: "--faster b=2" is half as long',
    ],
    [
      "whatif a --faster b=x",
      'Expected "--faster b" to be how many times as fast, such as 2, got "x"',
    ],
    [
      "open a --redact [",
      'Expected "--redact" to be a regular expression: Invalid regular expression: /[/gu: Unterminated character class',
    ],
  ])("%s", async (line, problem) => {
    const [told] = await wrong(line);
    expect(told).toBe(problem);
  });

  it("all of it at once, and which help to read", async () => {
    expect(await wrong("convert a b --too json --flow")).toEqual([
      'Unknown option "--too". Did you mean "--to"?',
      '"--flow" needs a value',
      'Try "astrum-report convert --help"',
    ]);
    expect(await wrong("whatif a --concurrency x --map y --faster z=0")).toHaveLength(4);
  });

  it("without arguments, what there is", async () => {
    const { code, stderr } = await astrumReport("");
    expect(code).toBe(64);
    for (const { name } of commands) expect(stderr).toContain(`\n  ${name} `);
  });
});

describe("Help", () => {
  it.each(["--help", "-h", "help"])("of the program: %s", async (line) => {
    const { code, stdout, stderr } = await astrumReport(line);
    expect([code, stderr]).toEqual([0, ""]);
    for (const { name, about } of commands) {
      expect(stdout).toContain(`\n  ${name} `);
      expect(stdout.replace(/\s+/g, " ")).toContain(about);
    }
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(105);
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    "of %s, with all of its options and nothing read",
    async (name, { options, takes }) => {
      const asked = [`${name} --help`, `${name} -h`, `${name} gone.json --help`, `help ${name}`];
      const answers = await Promise.all(asked.map((line) => astrumReport(line)));
      for (const answer of answers) expect(answer).toEqual({ ...answers[0], code: 0, stderr: "" });
      const text = answers[0]?.stdout ?? "";
      expect(text).toMatch(`astrum-report ${name} ${takes} [options]\n`);
      for (const option of Object.keys(options)) expect(text).toContain(`--${option}`);
    },
  );

  it("does not hide a mistake beside it, and --version is that of the package", async () => {
    expect(await wrong("show --help --jsno")).toContain(
      'Unknown option "--jsno". Did you mean "--json"?',
    );
    const { stdout } = await astrumReport("--version");
    expect(stdout).toBe(`${manifest.version}\n`);
  });
});
