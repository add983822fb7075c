/** What the build takes into the program although it is a dependency. Read by `tsup.config.ts` and by the tests' build. */

/** The parsers become one file: by themselves they are eighty, which every thread would open at a stroke. */
export const bundled: RegExp[] = [/^(hast|mdast|micromark|unist)-/, /^(github-slugger|vfile)$/];
