/**
 * How comments and imports look in the languages in which copies are looked for, as far as lines tell. Data, prose and
 * mark-up repeat by nature and are none of them, nor are TypeScript's declaration files: each says again what another
 * file implements, and a class in them what its interface says.
 */

export interface Language {
  /** A line that is nothing but comment. */
  readonly comment: RegExp;
  /** What opens a comment of several lines, and what closes it. */
  readonly block?: readonly [string, string];
  /**
   * The first line of an import, and its last, which may be the same and closes every bracket that was opened. A blank
   * line ends it too.
   */
  readonly imports?: readonly [first: RegExp, last: RegExp];
  /** Whether blank lines part the imports inside of brackets. */
  readonly importsInGroups?: true;
}

const anyLine = /$/;
const slashes = { comment: /^\/\//, block: ["/*", "*/"] } as const;
const hashes = { comment: /^#/ } as const;

/** By the extensions of their files. */
const languages: readonly (readonly [extensions: string, Language])[] = [
  [
    "cjs cts js jsx mjs mts ts tsx",
    { ...slashes, imports: [/^import\b(?!\s*[(.])|^export\b.*\bfrom\s*['"]/, /['"]\)?;?$|;$/] },
  ],
  [
    "c cc cpp cxx h hh hpp m mm",
    { ...slashes, imports: [/^#\s*(include|import)\b|^@import\b/, anyLine] },
  ],
  [
    "dart groovy java kt kts scala swift",
    { ...slashes, imports: [/^(import|package|export)\b/, anyLine] },
  ],
  ["cs", { ...slashes, imports: [/^(global )?using [\w.]+( = .*)?;$/, anyLine] }],
  ["go", { ...slashes, imports: [/^(import|package)\b/, anyLine], importsInGroups: true }],
  ["rs", { ...slashes, imports: [/^(pub(\([^)]*\))? )?use\b/, /;$/] }],
  ["zig", { ...slashes, imports: [/^(pub )?const \w+ = @import\(/, anyLine] }],
  ["py", { ...hashes, imports: [/^(import|from) [\w.]+/, anyLine] }],
  ["rb", { ...hashes, imports: [/^(require|require_relative|load|autoload)\b/, anyLine] }],
  ["pl pm", { ...hashes, imports: [/^(use|require)\b/, /;$/] }],
  ["ex exs", { ...hashes, imports: [/^(alias|import|require|use) [A-Z]/, anyLine] }],
  ["r", { ...hashes, imports: [/^(library|require|source)\(/, anyLine] }],
  ["bash sh", { ...hashes, imports: [/^(source|\.) /, anyLine] }],
  [
    "php",
    {
      comment: /^(\/\/|#(?!\[)|<\?php$)/,
      block: ["/*", "*/"],
      imports: [/^(namespace|use|(require|include)(_once)?)\b/, /;$/],
    },
  ],
];

const byExtension: ReadonlyMap<string, Language> = new Map(
  languages.flatMap(([extensions, language]) =>
    extensions.split(" ").map((extension) => [extension, language] as const),
  ),
);

/** `undefined` when it is none in which copies are looked for. */
export function languageOf(path: string): Language | undefined {
  if (isDeclarationFile(path)) return undefined;
  return byExtension.get(/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "");
}

export function isDeclarationFile(path: string): boolean {
  return /\.d\.([^./]+\.)?[cm]?ts$/.test(path);
}
