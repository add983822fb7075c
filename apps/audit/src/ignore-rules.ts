/**
 * Which paths a `.gitignore` leaves out, with git's precedence: the rule nearest to the file wins, and inside one folder
 * `.astrumauditignore` (the same syntax, for what belongs to the repository but not to an audit) wins over `.gitignore`.
 * Reads no global excludes file: the result depends on the repository, not on whose machine it is.
 */
import ignore from "ignore";

export const ignoreFileNames = [".gitignore", ".astrumauditignore"] as const;

/** One ignore file as it is. `base` is its folder, relative to where all tested paths start: `""` or `"docs/"`. */
export interface IgnoreFile {
  readonly base: string;
  readonly text: string;
}

interface RuleFile extends Pick<IgnoreFile, "base"> {
  readonly rules: ReturnType<typeof ignore>;
}

export class IgnoreRules {
  readonly #files: readonly RuleFile[];

  /** Of files from far to near. */
  constructor(files: readonly IgnoreFile[], known: readonly RuleFile[] = []) {
    this.#files = [...known, ...files.map(ruleFile)];
  }

  /** The same rules and those of one more, nearer file. */
  with(file: IgnoreFile): IgnoreRules {
    return new IgnoreRules([file], this.#files);
  }

  /** Whether a path, or a folder that it is in, is left out: of one that is not there, as a file and as a folder. */
  ignoresAbsent(path: string): boolean {
    const folders = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1));
    return [...folders, path, `${path}/`].some((each) => this.ignores(each));
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

function ruleFile({ base, text }: IgnoreFile): RuleFile {
  // git compares case as the file system does; being exact everywhere makes the audit the same everywhere.
  return { base, rules: ignore({ ignoreCase: false }).add(text.replace(/^\uFEFF/, "")) };
}
