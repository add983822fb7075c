import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type App, app } from "./app.ts";
import { openReceiver, type Receiver } from "./receiver.ts";
import { tree } from "./traced.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = read("../README.md");
const page = read("../../../docs/tracing.md");

/** The block of a text that begins with this line, without it. */
function block(text: string, language: string, first = ""): string {
  const start = `\`\`\`${language}\n${first === "" ? "" : `${first}\n`}`;
  const from = text.indexOf(start);
  if (from === -1) throw new RangeError(`There is no block that begins with ${start}`);
  return text.slice(from + start.length, text.indexOf("```", from + start.length));
}

const files = {
  "tracing.mjs": block(readme, "js", "// tracing.mjs"),
  "main.mjs": block(readme, "js", "// main.mjs"),
};
const expected = block(readme, "text");

/** The same, without a word of Astrum: what any package that starts an SDK is. */
const sdk = files["tracing.mjs"]
  .replace(/^import .*@astrum\/otel.*\n/m, "")
  .replace(/instrumentations: \[.*?\]/, "instrumentations: []");

let installed: App;
beforeAll(async () => {
  expect(sdk).not.toContain("@astrum");
  expect(sdk).not.toContain("AstrumInstrumentation");
  installed = await app({ ...files, "sdk.mjs": sdk });
});
afterAll(() => installed.remove());

async function receiver(): Promise<Receiver> {
  const opened = await openReceiver();
  onTestFinished(() => opened.close());
  return opened;
}

/** Where a program exports to that is told nothing but the host and the port. */
const origin = ({ url }: Receiver): string => new URL(url).origin;

it("The README's programs, run as it says, export the trace that is shown there, and metrics", async () => {
  const opened = await receiver();
  const command = block(readme, "sh", "# run it").trim().split(" ");
  expect(command.shift()).toBe("node");
  const url = origin(opened);
  const ended = await installed.run(command, { OTEL_EXPORTER_OTLP_ENDPOINT: url });
  expect(ended).toEqual({ code: 0, output: "" });
  expect(`${tree(opened.spans)}\n`).toBe(expected);
  const paths = new Set(opened.requests.map(({ path }) => path));
  expect(paths).toEqual(new Set(["/v1/traces", "/v1/metrics"]));
});

it("The entry for `--import` traces beside an SDK that is started elsewhere", async () => {
  for (const imports of [
    ["--import", "./sdk.mjs", "--import", "@astrum/otel/register"],
    ["--import", "@astrum/otel/register", "--import", "./sdk.mjs"],
  ]) {
    const opened = await receiver();
    const url = origin(opened);
    const ended = await installed.run([...imports, "main.mjs"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
    });
    expect(ended).toEqual({ code: 0, output: "" });
    expect(`${tree(opened.spans)}\n`).toBe(expected);
  }
});

/** The variables of a block of the page, with what a reader fills in. */
function variables(name: string): Record<string, string> {
  const lines = block(page, "sh", `# ${name}`).split("\n");
  const pairs = lines.flatMap((line) => {
    const [, key, value] = /^export (\w+)="?(.*?)"?$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, (value ?? "").replace(/\$\w+/g, "secret")]];
  });
  return Object.fromEntries(pairs);
}

describe("Exporting to a product, with the lines that the page on tracing has for it,", () => {
  it.each([
    ["Jaeger", "", {}, ["/v1/traces"]],
    ["Grafana, Tempo and Prometheus in one container", "", {}, ["/v1/metrics", "/v1/traces"]],
    [
      "Grafana Cloud",
      "/otlp",
      { authorization: "Basic secret" },
      ["/otlp/v1/metrics", "/otlp/v1/traces"],
    ],
    ["Honeycomb", "", { "x-honeycomb-team": "secret" }, ["/v1/metrics", "/v1/traces"]],
    ["Datadog", "", {}, ["/v1/metrics", "/v1/traces"]],
  ])("reaches what %s expects", async (name, path, headers, paths) => {
    const opened = await receiver();
    const env = variables(name);
    const given = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "http://localhost:4318";
    expect(new URL(given).pathname).toBe(path === "" ? "/" : path);
    const endpoint = `${origin(opened)}${path}`;
    const ended = await installed.run(["--import", "./tracing.mjs", "main.mjs"], {
      ...env,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    });
    expect(ended).toEqual({ code: 0, output: "" });
    expect(`${tree(opened.spans)}\n`).toBe(expected);
    expect([...new Set(opened.requests.map(({ path }) => path))].sort()).toEqual(paths);
    for (const request of opened.requests) expect(request.headers).toMatchObject(headers);
  });
});
