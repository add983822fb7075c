/**
 * Which paths a `.gitignore` leaves out, with git's precedence: the rule nearest to the file wins, and inside one folder
 * `.astrumauditignore` (the same syntax, for what belongs to the repository but not to an audit) wins over `.gitignore`.
 * Reads no global excludes file: the result depends on the repository, not on whose machine it is.
 */
import ignore from "ignore";

export const ignoreFileNames = [".gitignore", ".astrumauditignore"] as const;

/** The rules of one ignore file. `base` is its folder, relative to where all tested paths start: `""` or `"docs/"`. */
interface RuleFile {
  readonly base: string;
  readonly rules: ReturnType<typeof ignore>;
}

export class IgnoreRules {
  readonly #files: readonly RuleFile[];

  constructor(files: readonly RuleFile[] = []) {
    this.#files = files;
  }

  /** The same rules and those of one more, nearer file. */
  with(base: string, text: string): IgnoreRules {
    // git compares case as the file system does; being exact everywhere makes the audit the same everywhere.
    const rules = ignore({ ignoreCase: false }).add(text.replace(/^\uFEFF/, ""));
    return new IgnoreRules([...this.#files, { base, rules }]);
  }

  /** `path` is relative, with `/`; a folder's ends with `/`. Its parents are taken to have been asked before. */
  ignores(path: string): boolean {
    for (let i = this.#files.length - 1; i >= 0; i--) {
      const { base, rules } = this.#files[i] as RuleFile;
      if (!path.startsWith(base) || path.length === base.length) continue;
      const { ignored, unignored } = rules.test(path.slice(base.length));
      if (ignored) return true;
      if (unignored) return false;
    }
    return false;
  }
}
