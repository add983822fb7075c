/** Outputs that nobody can read who has not the key. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Flow, flow, task } from "@astrum/core";
import { afterAll, describe, expect, it } from "vitest";
import { type Encryption, eventLog, readEventLog, resumable, resumeInfo } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-encryption-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.ndjson`);
}

function withKey(key: Buffer = randomBytes(32)): Encryption {
  return {
    encrypt(text) {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const sealed = [cipher.update(text, "utf8"), cipher.final()];
      return Buffer.concat([iv, cipher.getAuthTag(), ...sealed]).toString("base64");
    },
    decrypt(text) {
      const bytes = Buffer.from(text, "base64");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8");
    },
  };
}

function night(calls: string[], broken = false): Flow<{ readonly load: string }> {
  const patient = task("patient", () => {
    calls.push("patient");
    return { name: "Ada Lovelace", born: new Date(0) };
  });
  const load = task("load", { patient }, ({ patient }) => {
    calls.push("load");
    if (broken) throw new Error("no disk");
    return `${patient.name} ${patient.born.getTime()}`;
  });
  return flow("nightly", { load });
}

async function start(
  path: string,
  encryption: Encryption | undefined,
  broken = false,
): Promise<{
  calls: string[];
  load: string | undefined;
  state: string;
  errors: readonly string[];
}> {
  const calls: string[] = [];
  const nightly = night(calls, broken);
  await using saved = await resumable(path, nightly, { encryption });
  const report = await nightly.run(saved.options());
  const { executionState: state, outputs, errorSummary: errors } = report;
  return { calls, load: outputs.load, state, errors };
}

describe("A log with encryption", () => {
  it("holds no output that can be read, and is taken up with its key", async () => {
    const path = newFile();
    const encryption = withKey();
    await start(path, encryption, true);
    expect(readFileSync(path, "utf8")).not.toMatch(/Lovelace|born/);
    const again = await start(path, encryption);
    expect(again).toMatchObject({ calls: ["load"], load: "Ada Lovelace 0" });
    expect(readFileSync(path, "utf8")).not.toMatch(/Lovelace|born/);
    const { outputs } = readEventLog(path, { encryption });
    expect(outputs?.load).toEqual({ encoding: "json", value: "Ada Lovelace 0" });
  });

  it("counts without the key as one that stored no output, and says so", async () => {
    const path = newFile();
    await start(path, withKey(), true);
    const calls: string[] = [];
    const info = await resumeInfo(path, night(calls));
    expect(info.restored).toEqual([]);
    expect(info.rerun[0]).toEqual({
      task: "patient",
      why: "its output was not stored: it is encrypted, and was read without `encryption`",
    });
    expect((await start(path, undefined)).calls).toEqual(["patient", "load"]);
  });

  it("is refused with another key, or when something has damaged an output, with the line", async () => {
    const path = newFile();
    const encryption = withKey();
    await start(path, encryption, true);
    const text = readFileSync(path, "utf8");
    const number = text.split("\n").findIndex((line) => line.includes('"sealed"')) + 1;
    const message = `Line ${number} of the event log cannot be decrypted`;
    await expect(start(path, withKey())).rejects.toThrow(message);
    writeFileSync(path, text.replace('"sealed":"', '"sealed":"A'));
    await expect(start(path, encryption)).rejects.toThrow(
      `Line ${number} of the event log was changed after it was written: it is not what its checksum was made of`,
    );
    // What was decrypted is checked as any other line.
    const odd: Encryption = { encrypt: (text) => text, decrypt: () => '{"encoding":7}' };
    await expect(start(path, odd)).rejects.toThrow(/^Line \d+ of the event log was changed/);
  });

  it("takes up what was stored without encryption, and encrypts it from then on", async () => {
    const path = newFile();
    await start(path, undefined, true);
    const encryption = withKey();
    expect((await start(path, encryption, true)).calls).toEqual(["load"]);
    const { run } = readEventLog(path);
    const lines = readFileSync(path, "utf8").split("\n");
    const own = lines.filter((line) => line.includes(`"run":"${run.id}"`));
    expect(own.join("")).not.toContain("Lovelace");
    expect(own.join("")).toContain('"sealed"');
  });

  it("fails the run when an output cannot be encrypted: it is not written as it is", async () => {
    for (const [encrypt, why] of [
      [() => Promise.resolve("sealed"), "Expected `encryption.encrypt` to return a text"],
      [
        () => {
          throw new Error("no key");
        },
        "no key",
      ],
    ] as const) {
      const path = newFile();
      const encryption = { encrypt, decrypt: (text: string) => text } as unknown as Encryption;
      const { state, errors } = await start(path, encryption);
      expect(state).toBe("failed");
      expect(errors.join()).toContain(why);
      expect(readFileSync(path, "utf8")).not.toContain("Lovelace");
    }
  });

  it("is refused before anything is written when one of its functions is missing", () => {
    const encryption = { encrypt: (text: string) => text } as unknown as Encryption;
    const message = "to be { encrypt, decrypt }, two functions";
    expect(() => eventLog(newFile(), { encryption })).toThrow(message);
    expect(() => readEventLog("", { encryption })).toThrow(message);
  });

  it("encrypts also when nothing is redacted", async () => {
    const path = newFile();
    const log = eventLog(path, { encryption: withKey(), redact: false });
    await night([]).run({ journal: log.journal });
    log.close();
    expect(readFileSync(path, "utf8")).not.toContain("Lovelace");
  });
});
