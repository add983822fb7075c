/**
 * Where a file holds what is likely a secret, told without telling it: what it is, the line, and of the value at most the
 * prefix that all of its kind share. A pure function of the file.
 *
 * The shapes of known credentials are secretlint's, and the few of `issued-credentials.ts`. What cannot be a live
 * credential is dropped here: placeholders, wrong checksums, and where the shape alone proves little, what stands in
 * tests and examples.
 */
import { lintSource } from "@secretlint/core";
import { secretLintProfiler } from "@secretlint/profiler";
import { creator as recommended } from "@secretlint/secretlint-rule-preset-recommend";
import { assignedSecrets } from "./assigned-secrets.ts";
import { type Candidate, issuedCredentials, knownAs } from "./issued-credentials.ts";
import { lineIndex } from "./lines.ts";
import { mask } from "./mask.ts";
import { isPlaceholder } from "./placeholder.ts";

// secretlint marks the time of every rule of every file, keeps all marks, and looks through them at each one: some
// thousand files would take minutes.
secretLintProfiler.mark = () => {};

export interface Secret {
  readonly line: number;
  /** `GitHub token ghp_… (40 characters)`. */
  readonly what: string;
}

export interface SecretSearch {
  readonly secrets: readonly Secret[];
  /** The file with every secret masked, character by character: whatever is made of it tells none. */
  readonly masked: string;
}

export async function secretsOf(path: string, text: string): Promise<SecretSearch> {
  const candidates = [...(await found(path, text)), ...issuedCredentials(path, text)];
  const known = candidates.filter(({ value }) => !isPlaceholder(value));
  const covers = (at: number): boolean =>
    candidates.some(
      (candidate) => at >= candidate.at && at < candidate.at + candidate.value.length,
    );
  const assigned = assignedSecrets(path, text).filter(({ at }) => !covers(at));
  const lineAt = lineIndex(text);
  const secrets = new Map<string, Secret>();
  let masked = text;
  // The longest first: one may hold another, and would no longer be found once that is masked.
  const all = [...known, ...assigned].sort((a, b) => b.value.length - a.value.length);
  for (const { what, at, value, prefix } of all) {
    const secret = { line: lineAt(at), what: described(what, value, prefix) };
    secrets.set(`${secret.line} ${secret.what}`, secret);
    // Once found, it is masked wherever it stands: also where it was not recognised.
    masked = masked.replaceAll(value, () => value.replace(/[^\r\n]/g, mask));
  }
  return {
    secrets: [...secrets.values()].sort((a, b) => a.line - b.line || (a.what < b.what ? -1 : 1)),
    masked,
  };
}

async function found(path: string, text: string): Promise<Candidate[]> {
  const { messages } = await lintSource({
    source: {
      filePath: path,
      content: text,
      ext: /\.[^./]+$/.exec(path)?.[0] ?? "",
      contentType: "text",
    },
    options: {
      // Otherwise every message would hold its secret in clear.
      maskSecrets: true,
      config: { rules: [{ id: "preset", rule: recommended, rules: [withAccessKeyIds] }] },
    },
  });
  return messages.flatMap(({ ruleId, messageId, range: [from, to] }) => {
    const candidate = knownAs(ruleId, messageId, path, text.slice(from, to));
    return candidate === undefined ? [] : [{ ...candidate, at: from }];
  });
}

const withAccessKeyIds = {
  id: "@secretlint/secretlint-rule-aws",
  options: { enableIDScanRule: true },
};

function described(what: string, value: string, prefix: string): string {
  return `${what} ${prefix}… (${value.length} characters)`;
}
