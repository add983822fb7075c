/**
 * What stands apart from the code that a repository is there for: its tests with their fixtures, examples, what others
 * wrote, what a program wrote. There a copy or a circle is mostly on purpose, so it is told and not counted. Tells by
 * paths alone; whether a program wrote a file, its text says: see `generated`.
 */

/**
 * `migration`: a step of a database's history, which stays as it was. `site`: on a page of a documentation site, where
 * only the site can tell.
 */
export type Apart = "test" | "example" | "vendored" | "generated" | "migration" | "site";

const folders: readonly (readonly [Apart, RegExp])[] = [
  ["vendored", /(^|\/)(vendor(ed)?|third[_-]?party|bower_components)\//i],
  [
    "test",
    /(^|\/)([^/]*[_.-])?(tests?|specs?|e2e|testdata|(test)?fixtures?|__(tests|fixtures|mocks|snapshots)__|mocks?|bench(marks?)?)([_.-][^/]*)?\//i,
  ],
  [
    "example",
    /(^|\/)([^/]*[_.-])?(examples?|samples?|demos?|playgrounds?|sandbox(es)?|stories)\//i,
  ],
];

const migrations: readonly [Apart, RegExp] = ["migration", /(^|\/)(migrations|db\/migrate)\//i];

/** `a.test.ts`, `a_test.go`, `test_a.py`, `a_spec.rb`, `ATest.java`, `conftest.py`, `a.stories.tsx`. */
const names: readonly (readonly [Apart, RegExp])[] = [
  [
    "test",
    /(^|[._-])(test|tests|spec|specs|e2e|bench|mock|mocks)\.[^./]+(\.[^./]+)?$|(^|\/)(test|spec)_[^/]+\.(py|rb|pl|php)$|(^|\/)conftest\.py$|(^|\/)(setup-?(jest|vitest|tests?)|(jest|vitest|karma|cypress|playwright)[.-][^/]+)\.[^./]+$|(^|\/)setupTests\.[^./]+$|[a-z0-9](Tests?|Specs?|IT|TestCase)\.(java|kt|kts|scala|groovy|cs|swift|php)$/,
  ],
  ["example", /\.(stories|story|example|sample)\.[^./]+$/],
];

/** `undefined` for what counts. `generated`: whether the file says that a program wrote it. */
export function apartOf(path: string, generated?: true): Apart | undefined {
  const [kind] = [...folders, ...names, migrations].find(([, pattern]) => pattern.test(path)) ?? [];
  return kind ?? (generated && "generated");
}
