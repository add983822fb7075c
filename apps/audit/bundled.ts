/** What the build takes into the program although it is a dependency. Read by `tsup.config.ts` and by the tests' build. */

/** What reads files becomes a few files: by itself it is more than a hundred, which every thread would open at a stroke. */
export const bundled: RegExp[] = [/^(hast|mdast|micromark|unist)-/, /^(github-slugger|vfile)$/];

/** Some of it is CommonJS, and asks for modules of Node by `require`, which a module does not have. */
export const banner = {
  js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
};
