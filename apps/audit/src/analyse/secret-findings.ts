/** Puts the secrets of all files into findings. Finds none itself, and loads no rule. */
import type { SecretFinding } from "../finding.ts";
import type { FileAnalysis } from "./file.ts";

export function secretFindings(analyses: readonly FileAnalysis[]): SecretFinding[] {
  return analyses.flatMap(({ path, secrets }) =>
    secrets.map(({ line, what }) => ({ kind: "secrets" as const, path, line, message: what })),
  );
}
