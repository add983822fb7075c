/**
 * Logs of every kind that are cut off at any byte, or in which any byte is another one: they are refused, or no result that
 * is read of them is a wrong one, and a run that takes them up gives what it gives without.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 as builtIn } from "node:zlib";
import {
  decodeValue,
  type ExecutionReport,
  type Flow,
  flow,
  loop,
  map,
  type RunOptions,
  type SerializedReport,
  subflow,
  task,
} from "@astrum/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compactLog,
  type Encryption,
  type Redaction,
  ReportFormatError,
  readEventLog,
  renderNdjson,
  resumable,
} from "../../src/index.ts";
import { crc32 } from "../../src/reading/line-sum.ts";
import { lineObserver } from "../../src/writing/event-lines.ts";
import { lineWriter } from "../../src/writing/live-log.ts";

/** Every byte takes minutes: `pnpm test:nightly`. */
const ALL = process.env.ASTRUM_DAMAGE === "all";
const PLACES = ALL ? 10_000 : 100;
/** So many of the reports that were read are taken up, and of more than these every twentieth. */
const TAKEN_UP = 60;

type Night = Flow<Record<string, unknown>>;

/** `broken`: the task that cannot do its work yet. */
type Make = (broken?: string) => Night;

const works = (name: string, broken: string | undefined): void => {
  if (name === broken) throw new Error("no disk");
};

const plain: Make = (broken) => {
  const list = task("list", () => [1, 2, 3]);
  const rows = map("rows", list, (item) => ({ item, at: new Date(item), name: `Zoë ${item}` }), {
    key: (item) => `row ${item}`,
  });
  const sum = task("sum", { rows }, ({ rows }) => {
    works("sum", broken);
    return new Map([["sum", rows.reduce((sum, { item }) => sum + item, 1234)]]);
  });
  return flow("plain", { sum, none: task("none", () => undefined) });
};

const inner = (n: number, broken?: string): Flow<{ readonly end: number }> => {
  const begin = task("begin", () => n);
  const end = task("end", { begin }, ({ begin }) => {
    works("end", broken);
    return begin * 10;
  });
  return flow("inner", { end });
};

const nested: Make = (broken) => {
  const all = map(
    "all",
    task("list", () => [1, 2]),
    (n) => inner(n),
  );
  const one = subflow("one", inner(7));
  const late = task("late", { all, one }, () => inner(9, broken));
  return flow("nested", { late, all, one });
};

const looped: Make = (broken) => {
  const drafts = loop(
    "drafts",
    {},
    {
      first: () => inner(1),
      next: ({ end }) => inner(end, broken),
      until: ({ end }) => end >= 1000,
      max: 5,
    },
  );
  return flow("looped", { drafts });
};

const unstored: Make = (broken) => {
  const open = task("open", () => ({ rows: [1], close() {} }));
  const rows = task("rows", { open }, ({ open }) => open.rows.concat(2));
  const end = task("end", { rows }, ({ rows }) => {
    works("end", broken);
    return rows.length;
  });
  return flow("unstored", { end, beside: task("beside", () => [undefined, 1n]) });
};

const cached: Make = (broken) => {
  const list = task("list", () => [1, 2], { cache: {} });
  const rows = map("rows", list, (item) => item * 11, { cache: {} });
  const end = task("end", { rows }, ({ rows }) => {
    works("end", broken);
    return rows;
  });
  return flow("cached", { end });
};

const encryption: Encryption = {
  encrypt(text) {
    const cipher = createCipheriv("aes-256-gcm", Buffer.alloc(32, 7), Buffer.alloc(12, 1));
    const sealed = [cipher.update(text, "utf8"), cipher.final()];
    return Buffer.concat([...sealed, cipher.getAuthTag()]).toString("base64");
  },
  decrypt(text) {
    const bytes = Buffer.from(text, "base64");
    const decipher = createDecipheriv("aes-256-gcm", Buffer.alloc(32, 7), Buffer.alloc(12, 1));
    decipher.setAuthTag(bytes.subarray(-16));
    return decipher.update(bytes.subarray(0, -16), undefined, "utf8") + decipher.final("utf8");
  },
};

interface Told {
  readonly observed?: boolean;
  readonly sealed?: boolean;
  readonly redact?: Redaction;
}

/** The log of one run after the other: those that are named break at that task. */
async function log(
  make: Make,
  lives: readonly (string | undefined)[],
  told: Told,
  run: RunOptions = {},
) {
  const { observed = true, sealed = false, redact = false } = told;
  let text = "";
  for (const [at, broken] of lives.entries()) {
    const earlier = text;
    const key = sealed ? encryption : undefined;
    const write = lineWriter((line) => (text += `${line}\n`), redact, key);
    await make(broken).run({
      ...run,
      runId: `life ${at}`,
      ...(observed && { observers: [lineObserver("log", write)] }),
      ...(at > 0 && { resumeFrom: readEventLog(earlier, { encryption: key }) }),
      journal: ({ type, at, runId, ...entry }) => write(String(runId), at, { type, ...entry }),
    });
  }
  return text;
}

const compacted = (text: string): Promise<string> =>
  withFile(text, async (file) => void (await compactLog(file)));

/** What `change` makes of a file with that text. */
async function withFile(text: string, change: (file: string) => Promise<void>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "astrum-corrupted-"));
  try {
    const file = join(folder, "log.ndjson");
    writeFileSync(file, text);
    await change(file);
    return readFileSync(file, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of each line with a result, what it says of what stands before its sum. */
function sumsIn(text: string): (boolean | undefined)[] {
  const results = text.split("\n").filter((line) => line.includes('"type":"completed"'));
  return results.map((line) => {
    const [, told = "", crc] = /^(.*),"crc":"([\da-f]{8})"\}$/.exec(line) ?? [];
    // As any program counts it: the CRC-32 of what stands before, in UTF-8.
    return crc === undefined ? undefined : crc === builtIn(told).toString(16).padStart(8, "0");
  });
}

const withoutSums = (text: string): string => text.replace(/,"crc":"[\da-f]{8}"/g, "");

const outputsOf = (report: ExecutionReport<unknown>): SerializedReport =>
  report.toJSON({ outputs: true });

const cutOff = (text: string): string => {
  const lines = text.split("\n");
  return `${lines.slice(0, Math.floor(lines.length * 0.7)).join("\n")}\n`;
};

const LOGS: Record<string, { make: Make; text: () => Promise<string>; sealed?: boolean }> = {
  "a run": { make: plain, text: () => log(plain, [undefined], {}) },
  "a journal alone": { make: plain, text: () => log(plain, ["sum"], { observed: false }) },
  "a run that was cut off": {
    make: plain,
    text: async () => cutOff(await log(plain, [undefined], {})),
  },
  "a run that took up another": {
    make: plain,
    text: () => log(plain, ["sum", "sum"], { observed: false }),
  },
  "a finished report": {
    make: unstored,
    text: async () =>
      renderNdjson(outputsOf(await unstored().run()), { outputs: true, redact: false }),
  },
  "flows inside of tasks and items": {
    make: nested,
    text: () => log(nested, ["end"], { observed: false }),
  },
  "a loop, taken up": {
    make: looped,
    text: () => log(looped, ["end", "end"], { observed: false }),
  },
  "an output that cannot be stored": { make: unstored, text: () => log(unstored, ["end"], {}) },
  "results of a cache": {
    make: cached,
    async text() {
      const cache = new Map<string, string>();
      await cached().run({ cache });
      return log(cached, ["end"], {}, { cache });
    },
  },
  "encrypted results": {
    make: plain,
    text: () => log(plain, ["sum"], { observed: false, sealed: true }),
    sealed: true,
  },
  "a log without what is not needed": {
    make: plain,
    text: async () => compacted(await log(plain, ["sum", "sum"], { observed: false })),
  },
};

/** Three other values for a byte, the same ones in each run of the test. */
function others(at: number, byte: number): number[] {
  const drawn = [1, 2, 3].map((n) => ((at + 1) * 48_271 * n + byte * 7919 + n * 31) % 127);
  return drawn.map((other) => (other === byte ? other + 1 : other));
}

function* damaged(bytes: Buffer): Generator<readonly [string, Buffer]> {
  const step = Math.max(1, Math.floor(bytes.length / PLACES));
  for (let at = 0; at < bytes.length; at += step) {
    const [before, byte, after] = [
      bytes.subarray(0, at),
      bytes[at] as number,
      bytes.subarray(at + 1),
    ];
    const instead = [[], [byte, byte], ...others(at, byte).map((other) => [other])];
    yield [`the first ${at} bytes`, before];
    for (const put of instead)
      yield [`byte ${at} as [${put}]`, Buffer.concat([before, Buffer.from(put), after])];
  }
}

describe.each(Object.entries(LOGS))("The log of %s", (_, { make, text, sealed }) => {
  const options = sealed ? { encryption } : {};

  it("is refused or right, wherever it is cut off or one byte is another", {
    timeout: 600_000,
  }, async () => {
    const bytes = Buffer.from(await text());
    expect(bytes.length).toBeLessThan(12_000);
    const whole = await make().run();
    const right = outputsOf(whole).outputs ?? {};
    const ends = { read: 0, refused: 0, restored: 0 };
    const seen = new Set<string>();
    for (const [what, log] of damaged(bytes)) {
      let report: SerializedReport;
      try {
        report = readEventLog(log.toString("utf8"), options);
        ends.read++;
      } catch (error) {
        if (!(error instanceof ReportFormatError)) throw new Error(what, { cause: error });
        ends.refused++;
        continue;
      }
      for (const [name, output] of Object.entries(report.outputs ?? {})) {
        if (decodeValue(output) !== undefined)
          expect(output, `${what}: ${name}`).toEqual(right[name]);
      }
      const stored = JSON.stringify([report.outputs, report.origins, report.run]);
      if (seen.has(stored)) continue;
      seen.add(stored);
      if (seen.size > TAKEN_UP && seen.size % 20 !== 0) continue;
      const again = await make().run({ resumeFrom: report });
      expect(again.outputs, what).toEqual(whole.outputs);
      ends.restored += again.restoredTasks;
    }
    expect(ends.refused).toBeGreaterThan(10);
    expect(ends.read).toBeGreaterThan(100);
    expect(ends.restored).toBeGreaterThan(0);
  });
});

describe("A line with a result", () => {
  it("says what to do when its checksum is that of another text, and needs none when it is older", async () => {
    const whole = await log(plain, ["sum"], { observed: false });
    const lines = whole.split("\n");
    const number = lines.findIndex((line) => line.includes('"Zoë 2"')) + 1;
    const changed = whole.replace('"Zoë 2"', '"Zoë 3"');
    expect(() => readEventLog(changed)).toThrow(
      `Line ${number} of the event log was changed after it was written: it is not what its checksum was made of. The log can be read without that line.`,
    );
    const without = lines.filter((_, at) => at !== number - 1).join("\n");
    const report = await plain().run({ resumeFrom: readEventLog(without) });
    expect(report.unwrap()).toEqual((await plain().run()).unwrap());
    expect(readEventLog(withoutSums(whole))).toEqual(readEventLog(whole));
    expect(new Set(sumsIn(whole))).toEqual(new Set([true]));
  });

  it("is held to its checksum whatever has written it anew, with other line breaks, spaces or places", async () => {
    const whole = await log(plain, ["sum"], { observed: false });
    const changed = whole.replace('"Zoë 2"', '"Zoë 3"');
    const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
    expect(readEventLog(crlf(whole))).toEqual(readEventLog(whole));
    const anew: ((text: string) => string)[] = [
      crlf,
      (text) => text.replaceAll(',"crc":"', ', "crc": "'),
      (text) => text.replace(/^\{(.*),("crc":"[\da-f]{8}")\}$/gm, "{$2,$1}"),
      (text) => text.replaceAll('"crc":"', '"crc":7,"was":"'),
    ];
    for (const write of anew) {
      expect(write(changed)).not.toBe(changed);
      expect(() => readEventLog(write(changed))).toThrow("it is not what its checksum was made of");
    }
  });

  it("may follow older ones, which have none: each is held to its own, in every life and after compacting", async () => {
    const older = withoutSums(await log(plain, ["sum"], { observed: false }));
    const again = await withFile(older, async (file) => {
      const broken = plain("sum");
      await using saved = await resumable(file, broken);
      await broken.run(saved.options());
    });
    // The list, three rows, their map and the task beside them; what is restored whole is told again without its items.
    expect(sumsIn(again)).toEqual([...Array(6).fill(undefined), true, true, true]);
    const small = await compacted(again);
    expect(sumsIn(small)).toEqual([true, true, true]);
    for (const text of [again, small]) {
      expect((await plain().run({ resumeFrom: readEventLog(text) })).restoredTasks).toBe(3);
      const at = text.lastIndexOf('"Zoë 2"');
      const changed = `${text.slice(0, at)}"Zoë 3"${text.slice(at + '"Zoë 3"'.length)}`;
      expect(() => readEventLog(changed)).toThrow("it is not what its checksum was made of");
      await expect(compacted(changed)).rejects.toThrow(ReportFormatError);
    }
  });

  it("has the checksum of what is written: without secrets, and encrypted", async () => {
    for (const sealed of [false, true]) {
      const told = { observed: false, sealed, redact: ["Zoë 2"] };
      const text = await log(plain, ["sum"], told);
      expect(text).not.toContain("Zoë 2");
      expect(sumsIn(text)).toEqual(Array(6).fill(true));
      const options = sealed ? { encryption } : {};
      const report = await plain().run({ resumeFrom: readEventLog(text, options) });
      expect(report.unwrap()).toEqual((await plain().run()).unwrap());
    }
  });

  it("is found among ten thousand", async () => {
    const many: Make = () => {
      const list = task("list", () => Array.from({ length: 10_000 }, (_, item) => item));
      return flow("many", { rows: map("rows", list, (item) => ({ item })) });
    };
    const whole = await log(many, [undefined], { observed: false });
    expect(Object.keys(readEventLog(whole).outputs ?? {})).toHaveLength(10_002);
    const changed = whole.replace('{"item":9876}', '{"item":9877}');
    const number = changed.slice(0, changed.indexOf('"task":"rows[9876]"')).split("\n").length;
    expect(() => readEventLog(changed)).toThrow(`Line ${number} of the event log was changed`);
  });

  it("has the same checksum in a runtime that counts none itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => crc32(text) === builtIn(text)),
      { seed: 20_260_101 },
    );
  });
});
