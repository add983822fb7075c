import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { flow, task } from "@astrum/core";
import { describe, expect, it } from "vitest";
import { eventLog, renderHtml, renderJson, renderNdjson, resumable } from "../../src/index.ts";
import { fixtureText } from "../fixtures.ts";
import { astrumReport, told } from "./in-process.ts";
import { filesOf, siteRun } from "./site-runs.ts";

describe("A run is read from", () => {
  it.each(["1.0", "1.1"])("a report of version %s", async (version) => {
    const report = version === "1.0" ? fixtureText("mixed") : renderJson(await siteRun("r1"));
    expect(report).toContain(`"formatVersion":"${version}"`);
    const folder = filesOf({ "run.json": report });
    const { stdout, stderr } = await astrumReport(`show ${folder}/run.json --json`);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ formatVersion: version });
  });

  it("an event log, also one that was cut off in the middle of a line or of a character", async () => {
    const log = renderNdjson(await siteRun("r1", { files: { "ä.txt": 10 } }));
    const bytes = Buffer.from(log);
    const inCharacter = bytes.lastIndexOf("ä") + 1;
    for (const end of [inCharacter, Math.floor(bytes.length / 2)]) {
      const folder = filesOf({ "run.ndjson": bytes.subarray(0, end) });
      const { code, stdout, stderr } = await astrumReport(`show ${folder}/run.ndjson`);
      expect([code, stderr]).toEqual([1, ""]);
      expect(stdout).toMatch(/^site: interrupted after /);
    }
  });

  it("standard input, and one that fails is told with why, and the code for what is not there", async () => {
    const stdin = new Error("EIO: i/o error, read");
    const { code, stderr } = await astrumReport("show -", { stdin });
    expect([code, told(stderr)]).toEqual([66, `Cannot read standard input: ${stdin.message}`]);
  });

  it.each(["report", "log"])("standard input, a %s", async (kind) => {
    const report = await siteRun("r1");
    const stdin = kind === "report" ? renderJson(report) : renderNdjson(report);
    const { stdout } = await astrumReport("show -", { stdin });
    expect(stdout).toMatch(/^site: completed after 1.1 s\n/);
    expect((await astrumReport("-", { stdin })).stdout).toBe(stdout);
    expect((await astrumReport("show -#r1", { stdin })).stdout).toBe(stdout);
  });

  it("a file that is given alone, which is shown", async () => {
    const folder = filesOf({ "run.json": await siteRun("r1") });
    const { stdout } = await astrumReport(`${folder}/run.json --tasks`);
    expect(stdout).toContain("\nTasks:\n");
  });

  it("a text with a byte order mark, and one that was indented", async () => {
    const report = await siteRun("r1");
    for (const stdin of [`\ufeff${renderJson(report)}`, `\n${renderJson(report, { indent: 2 })}`]) {
      expect((await astrumReport("show -", { stdin })).code).toBe(0);
    }
    expect((await astrumReport("show -", { stdin: `\ufeff${renderNdjson(report)}` })).code).toBe(0);
  });

  it("a log between lines of something else", async () => {
    const stdin = `starting\n{"level":30}\n${renderNdjson(await siteRun("r1"))}done\n`;
    expect((await astrumReport("show -", { stdin })).code).toBe(0);
  });
});

describe("Of a log with several runs", () => {
  const log = async (): Promise<string> => {
    const runs = [
      await siteRun("r1", { day: 1 }),
      await siteRun("r2", { day: 2, build: 700 }),
      await siteRun("other", { day: 3, flow: "shop" }),
    ];
    return join(filesOf({ "all.ndjson": runs }), "all.ndjson");
  };

  it("the one that started last is taken, and the others are named", async () => {
    const file = await log();
    const { stdout, stderr } = await astrumReport(`show ${file}`);
    expect(stdout).toMatch(/^shop: /);
    expect(told(stderr)).toBe(
      `"${file}" holds 3 runs; this is the one that started last, other. Others: "${file}#r1", "${file}#r2"`,
    );
  });

  it("so many that not all of them are named, how many more there are is said", async () => {
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, n) => siteRun(`r${n}`, { day: n + 1 })),
    );
    const file = join(filesOf({ "all.ndjson": runs }), "all.ndjson");
    const { stderr } = await astrumReport(`show ${file}`);
    expect(told(stderr)).toMatch(/, r7\. Others: "[^"]+#r2", .*, "[^"]+#r6" and 2 before$/);
  });

  it("FILE#RUN takes another, and --flow the last of a flow", async () => {
    const file = await log();
    expect(await astrumReport(`show ${file}#r1`)).toMatchObject({ stderr: "", code: 0 });
    const { stdout } = await astrumReport(`show ${file} --flow site --json`);
    expect(JSON.parse(stdout)).toMatchObject({ run: { id: "r2" } });
  });

  it.each([
    ["show FILE#r3", 'FILE holds no run "r3"; it holds "r1", "r2", "other"'],
    ["show FILE#othre", 'FILE holds no run "othre". Did you mean "other"?'],
    ["show FILE --flow stie", 'FILE holds no run of flow "stie". Did you mean "site"?'],
    ["show FILE#other --flow site", 'FILE holds no run "other"; it holds "r1", "r2"'],
  ])("%s is told", async (line, problem) => {
    const file = await log();
    const { code, stdout, stderr } = await astrumReport(line.replace("FILE", file));
    expect([code, stdout, told(stderr)]).toEqual([65, "", problem.replace("FILE", `"${file}"`)]);
  });

  it("a report that is not the run or the flow that was asked for is told, too", async () => {
    const file = join(filesOf({ "r1.json": await siteRun("r1") }), "r1.json");
    const run = await astrumReport(`show ${file}#r2`);
    expect([run.code, told(run.stderr)]).toEqual([
      65,
      `"${file}" holds no run "r2"; it holds "r1"`,
    ]);
    const flow = await astrumReport(`show ${file} --flow shop`);
    expect([flow.code, told(flow.stderr)]).toEqual([
      65,
      `"${file}" holds no run of flow "shop"; it holds "site"`,
    ]);
  });

  it("a file with a # in its name is that file", async () => {
    const folder = filesOf({ "run#1.json": await siteRun("r1") });
    expect((await astrumReport(`show ${folder}/run#1.json`)).code).toBe(0);
    expect((await astrumReport(`show ${folder}/run#1.json#r1`)).code).toBe(0);
    const numbered = filesOf({
      "all.ndjson": [await siteRun("night#1"), await siteRun("night#2")],
    });
    const { stdout } = await astrumReport(`show ${numbered}/all.ndjson#night#1 --json`);
    expect(JSON.parse(stdout)).toMatchObject({ run: { id: "night#1" } });
  });
});

describe("What cannot be read is told by its name, with the way out:", () => {
  const bytes = (text: string): Buffer => Buffer.from(text, "utf16le");

  it.each<[what: string, content: string | Uint8Array, problem: string | RegExp]>([
    ["empty", "", "FILE is empty: nothing of a run has been written to it"],
    [
      "nothing but zeros",
      "\0".repeat(4096),
      "FILE holds nothing but zeros, as a crash of the machine leaves them",
    ],
    [
      "compressed",
      gzipSync("{}"),
      "FILE is compressed; unpack it first, such as with gunzip -c FILE | astrum-report show -",
    ],
    ["UTF-16", bytes("\ufeff{}"), "FILE is UTF-16; save it as UTF-8"],
    [
      "not UTF-8",
      Buffer.concat([Buffer.from('{"format":"'), Buffer.from([0xff, 0xfe])]),
      "FILE is not UTF-8, as a report is",
    ],
    [
      "an image",
      Buffer.from("\u0089PNG\r\n\u001a\n"),
      /^FILE is neither a report \(JSON\) nor an event log \(ndjson\): it begins with "/,
    ],
    [
      "text",
      "\u001b[31mtotal 12",
      'FILE is neither a report (JSON) nor an event log (ndjson): it begins with "␛[31mtotal 12"',
    ],
    [
      "another JSON",
      '{"name":"x"}',
      'Cannot read FILE: Expected `format` to be "astrum.execution-report", got nothing. Is this an execution report?',
    ],
    ["a list", "[]", "Cannot read FILE: Expected an execution report, got an array."],
    [
      "a report that was cut off",
      '{"format":"astrum.execution-report",',
      /^Cannot read FILE: Expected the text of an execution report, but it is not JSON: /,
    ],
    [
      "lines of another program",
      '{"level":30}\n{"level":40}\n',
      /^Cannot read FILE: Expected the text of an execution report, but it is not JSON: [^.]*\.$/,
    ],
    [
      "a newer report",
      '{"format":"astrum.execution-report","formatVersion":"2.0"}',
      "Cannot read FILE: This is a report of version 2.0; this reader knows version 1. Update @astrum/reporters to read it.",
    ],
    [
      "a newer log",
      '{"v":2,"seq":0,"run":"r","at":0,"type":"run.start"}\n',
      "Cannot read FILE: This event log has lines of version 2; this reader knows version 1. Update @astrum/reporters to read it.",
    ],
    [
      "a log without a whole line",
      '{"v":1,"seq":0,"run":"r',
      "FILE holds no run yet: no line of one is complete in it",
    ],
    [
      "a damaged log",
      '{"v":1,"seq":0,"run":"r","at":0,"type":"run.start"}\n',
      /^Cannot read FILE: Line 1 of the event log is damaged/,
    ],
  ])("%s", async (_, content, problem) => {
    const file = join(filesOf({ file: content }), "file");
    const { code, stdout, stderr } = await astrumReport(`show ${file}`);
    const said = told(stderr).split(`"${file}"`).join("FILE");
    expect([code, stdout]).toEqual([65, ""]);
    if (typeof problem === "string") expect(said).toBe(problem);
    else expect(said).toMatch(problem);
  });

  it("the page that was made of it", async () => {
    const file = join(filesOf({ "run.html": renderHtml(await siteRun("r1")) }), "run.html");
    const { code, stderr } = await astrumReport(`show ${file}`);
    expect([code, told(stderr)]).toEqual([
      65,
      `"${file}" is an HTML page; give the report or the event log that it was made of`,
    ]);
  });

  it("a file that is missing, with the one that was meant; a folder; a folder that is missing", async () => {
    const folder = filesOf({ "run.json": "{}" });
    mkdirSync(join(folder, "inner"));
    const problems = [
      ["rnu.json", `There is no file "${folder}/rnu.json". Did you mean "run.json"?`],
      ["nightly.ndjson", `There is no file "${folder}/nightly.ndjson"`],
      ["gone/run.json", `There is no file "${folder}/gone/run.json"`],
      ["run.json/x", `There is no file "${folder}/run.json/x"`],
      ["inner", `"${folder}/inner" is a folder; give a report or an event log in it`],
    ];
    for (const [name, problem] of problems) {
      const { code, stderr } = await astrumReport(`show ${folder}/${name}`);
      expect([code, told(stderr)]).toEqual([66, problem]);
    }
  });

  it.each(["show", "strip"])("a log that is removed while it is read, by %s", async (command) => {
    const file = join(filesOf({ "run.ndjson": [await siteRun("r1")] }), "run.ndjson");
    const asked = astrumReport(`${command} ${file}`);
    // Its first lines have been looked at by now.
    rmSync(file);
    const { code, stdout, stderr } = await asked;
    expect([code, stdout]).toEqual([66, ""]);
    expect(told(stderr)).toMatch(/^Cannot read ".*run\.ndjson": ENOENT: no such file/);
  });

  it("a name that would act on a terminal does not", async () => {
    const { stderr } = await astrumReport(["show", "\u001b[2Jgone.json"]);
    expect(stderr).not.toContain("\u001b");
  });

  it("a report that is larger than a text can be is refused without being read", async () => {
    const file = join(
      filesOf({ "large.json": '{"format":"astrum.execution-report"' }),
      "large.json",
    );
    truncateSync(file, 1_100_000_000);
    const { code, stderr } = await astrumReport(`show ${file}`);
    expect([code, told(stderr)]).toEqual([
      65,
      `"${file}" is larger than 511 MiB, which is the most that one text can hold; an event log may be of any size when it is a file`,
    ]);
  });
});

describe("Of a log that is being written", () => {
  it("it is shown how far the run is, and told who writes it", async () => {
    const file = join(filesOf({}), "run.ndjson");
    let shown: Awaited<ReturnType<typeof astrumReport>> | undefined;
    const first = task("first", () => 1);
    const second = task("second", { first }, async () => {
      shown = await astrumReport(`show ${file}`);
    });
    const nightly = flow("nightly", { second });
    {
      await using saved = await resumable(file, nightly);
      (await nightly.run(saved.options())).unwrap();
    }
    expect(shown).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^nightly: interrupted/),
    });
    expect(told(shown?.stderr ?? "")).toMatch(
      /" is in use by process \d+ on .+: this is how far the run is$/,
    );
    expect((await astrumReport(`show ${file}`)).stderr).toBe("");
  });

  it("a line that comes while it is read is no part of what is shown, and no error", async () => {
    const file = join(filesOf({ "run.ndjson": [await siteRun("r1")] }), "run.ndjson");
    const whole = readFileSync(file, "utf8");
    const lines = whole.split("\n");
    writeFileSync(file, lines.slice(0, 5).join("\n"));
    const before = await astrumReport(`show ${file} --json`);
    appendFileSync(file, `\n${lines.slice(5).join("\n")}`);
    const after = await astrumReport(`show ${file} --json`);
    expect(JSON.parse(before.stdout)).toMatchObject({ executionState: "interrupted" });
    expect(JSON.parse(after.stdout)).toMatchObject({ executionState: "completed" });
  });
});

it("Of a log with encrypted outputs it is told that the key is missing, and the rest is read", async () => {
  const file = join(filesOf({}), "hidden.ndjson");
  const turned = (text: string): string => Buffer.from(text).toString("base64");
  const back = (text: string): string => Buffer.from(text, "base64").toString();
  const log = eventLog(file, { encryption: { encrypt: turned, decrypt: back } });
  const secret = task("secret", () => "pssst");
  const failing = task("failing", { secret }, () => {
    throw new Error("no");
  });
  await flow("hidden", { failing }).run({ journal: log.journal, observers: [log.observer] });
  log.close();
  const { code, stdout, stderr } = await astrumReport(`show ${file}`);
  expect(code).toBe(1);
  expect(stdout).toContain("Error: no");
  expect(told(stderr)).toBe(
    `1 output of "${file}" can only be read with the key: names, times and errors can be without`,
  );
  const info = await astrumReport(`resume-info ${file}`);
  expect(info.stdout).toContain(
    "1 result is stored:\n  secret\nThey are encrypted, and are restored with the key only.\n",
  );
});
