/** Every value is put together here, so that no scanner of this repository takes it for a real one. */
import { describe, expect, test } from "vitest";
import { analyseFile } from "../src/analyse/file.ts";
import { secretsOf } from "../src/analyse/secrets.ts";

const secrets = async (text: string, path = "src/a.ts"): Promise<readonly string[]> =>
  (await secretsOf(path, text)).secrets.map(({ line, what }) => `${line} ${what}`);

const random = "q7Kd0vZ3mX9bT2sW5nR8";
/** Thirty characters, and the six that are their checksum. */
const githubToken = ["gh", "p_", "16C7e42F292c6912E7710c838347Ae", "178B4a"];

describe("told, with the line and without the value, is", () => {
  test.each([
    [
      "an AWS access key id",
      ["AKI", "AQYLPMN5HFIQR7XYA"],
      "AWS access key id AKIA… (20 characters)",
    ],
    [
      "a Stripe live key",
      ["sk_li", "ve_", random, random],
      "Stripe live key sk_live_… (48 characters)",
    ],
    ["a GitLab token", ["glp", "at-", random], "GitLab access token glpat-… (26 characters)"],
    ["a value that looks drawn by chance", [random], 'value of "apiKey" … (20 characters)'],
  ])("%s", async (_, parts, what) => {
    const value = parts.join("");
    const told = await secrets(`const x = 1;\nexport const apiKey = "${value}";\n`);
    expect(told).toEqual([`2 ${what}`]);
    expect(told.join()).not.toContain(value.slice(8));
  });

  test("a password in a URL of a host that others can reach", async () => {
    const url = `postgres://shop:${random}@db.shop.io/orders`;
    expect(await secrets(`connect("${url}");`)).toEqual([
      expect.stringMatching(/^1 password in a (database )?URL … \(\d+ characters\)$/),
    ]);
  });

  test("an unquoted value where none needs quotes", async () => {
    expect(await secrets(`# x\nDB_PASSWORD=${random}\n`, ".env.production")).toEqual([
      '2 value of "DB_PASSWORD" … (20 characters)',
    ]);
  });

  test("each of two on one line, and one value once", async () => {
    const line = `const a = { token: "${random}", secret: "${[...random].reverse().join("")}" };`;
    expect(await secrets(line)).toHaveLength(2);
    const stripe = ["sk_li", "ve_", random, random].join("");
    expect(await secrets(`const apiKey = "${stripe}";`)).toHaveLength(1);
  });
});

test("everything else is made of a file without its secrets, at the same places", async () => {
  const key = ["sk_li", "ve_", random, random].join("");
  const text = `# ${key}\n\nSee [it](./${key}.md) or [the page](page.md).\n`;
  const { masked } = await secretsOf("a.md", text);
  expect(masked).toHaveLength(text.length);
  expect(masked).not.toContain(random);
  const { markdown } = await analyseFile("a.md", text);
  expect(markdown?.links).toEqual([{ target: "page.md", line: 3 }]);
});

test("of two secrets, one of which holds the other, neither is left", async () => {
  const key = ["sk_li", "ve_", random, random].join("");
  const url = `https://shop:${key}@db.shop.io/orders`;
  expect((await secretsOf("a.ts", `open("${url}", "${key}");`)).masked).not.toContain(random);
});

describe("no secret is", () => {
  test.each([
    ["a placeholder", 'const apiKey = "your-api-key-1a2b3c4d5e";'],
    ["what is filled in later", `const apiKey = "\${KEY_1a2b3c4d5e6f}";`],
    ["a name", 'const token = "submitButtonLabel";'],
    ["a version or a path", 'const secret = "/usr/share/doc/thing-1.2.3";'],
    ["a row of digits", 'const password = "1234567890123456";'],
    ["a random value whose name asks for none", `const id = "${random}";`],
    ["a name that only begins like a secret's", `const tokenType = "${random}";`],
    ["a password for this machine", `connect("postgres://a:${random}@localhost/x");`],
    ["a GitHub token with a wrong checksum", `const x = "${githubToken.join("")}";`],
  ])("%s", async (_, text) => {
    expect(await secrets(text)).toEqual([]);
  });

  test.each(["test/a.ts", "a.spec.ts", "docs/examples/a.ts", "__fixtures__/a.ts"])(
    "a random value in %s, since made-up ones stand there",
    async (path) => {
      expect(await secrets(`const apiKey = "${random}";`, path)).toEqual([]);
    },
  );
});

test("a file leaves nothing behind that the next ones would have to wade through", async () => {
  const before = performance.getEntries();
  await secrets(`const apiKey = "${random}";`);
  expect(performance.getEntries()).toEqual(before);
});
