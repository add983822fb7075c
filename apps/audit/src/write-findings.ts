/** Writes the verdict where other programs look for it, and returns where: whole, or not at all. */
import { rename, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { findingsJson } from "./print.ts";
import type { Verdict } from "./verdict.ts";

export async function writeFindings(folder: string, verdict: Verdict): Promise<string> {
  const path = resolve(folder, "findings.json");
  await writeFile(`${path}.part`, findingsJson(verdict));
  await rename(`${path}.part`, path);
  return path;
}
