/** One line for each audit, so that a trend can be seen: when, with what verdict, how many of each kind. */
import { appendFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Verdict } from "./verdict.ts";

export async function appendHistory(folder: string, { state, counts }: Verdict): Promise<void> {
  const line = JSON.stringify({ at: new Date().toISOString(), state, counts });
  await appendFile(resolve(folder, "history.ndjson"), `${line}\n`);
}
