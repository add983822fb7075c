/** The README's program under tracers that people have already: those that start themselves, and one of a product. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { decode } from "@msgpack/msgpack";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { type User, user } from "./user.ts";

const repository = new URL("../../../../", import.meta.url);

interface Span {
  readonly name: string;
  readonly id: string;
  readonly parent: string;
  readonly failed: boolean;
}

let app: User;
beforeAll(() => {
  app = user("tracers", {
    "main.mjs": block("packages/otel/README.md", "// main.mjs"),
    "datadog.mjs": block("docs/tracing.md", "// datadog.mjs"),
  });
});

/** The program of a page that begins with this line. */
function block(page: string, first: string): string {
  const text = readFileSync(new URL(page, repository), "utf8");
  const from = text.indexOf(`\`\`\`js\n${first}\n`);
  expect(from, `${page} has a program that begins with ${first}`).not.toBe(-1);
  return text.slice(from + "```js\n".length, text.indexOf("```", from + 1));
}

test("A program that the automatic instrumentations of OpenTelemetry are loaded into is traced by one more import", async () => {
  const spans: Span[] = [];
  const url = await receiver((body) => {
    for (const { scopeSpans } of JSON.parse(body.toString()).resourceSpans ?? [])
      for (const { scope, spans: told } of scopeSpans)
        if (scope.name === "@astrum/otel")
          for (const { name, spanId, parentSpanId, status } of told)
            spans.push({ name, id: spanId, parent: parentSpanId ?? "", failed: status.code === 2 });
  });
  const imports = ["@opentelemetry/auto-instrumentations-node/register", "@astrum/otel/register"];
  const { stderr } = await app.run(
    process.execPath,
    [...imports.flatMap((one) => ["--import", one]), "main.mjs"],
    {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_NODE_RESOURCE_DETECTORS: "none",
      },
    },
  );
  expect(stderr).toBe("");
  expect(tree(spans)).toEqual(shown());
});

test("The tracer of Datadog, with the lines that the page has for it, sends the same trace to its agent", async () => {
  const spans: Span[] = [];
  const url = await receiver((body, { url: path, headers }) => {
    if (headers["content-type"] !== "application/msgpack" || !path?.endsWith("/traces")) return;
    for (const trace of decode(body, { useBigInt64: true }) as Record<string, unknown>[][])
      for (const { resource, span_id, parent_id, error } of trace)
        spans.push({
          name: String(resource),
          id: String(span_id),
          parent: String(parent_id),
          failed: Number(error) === 1,
        });
  });
  const { stderr } = await app.run(process.execPath, ["--import", "./datadog.mjs", "main.mjs"], {
    env: {
      DD_TRACE_AGENT_URL: url,
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
      DD_REMOTE_CONFIGURATION_ENABLED: "false",
    },
  });
  expect(stderr).toBe("");
  expect(tree(spans)).toEqual(shown());
});

/** Takes what an exporter sends, for as long as the test lasts. */
async function receiver(take: (body: Buffer, request: IncomingMessage) => void): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      take(Buffer.concat(parts), request);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The names of the spans below each other, and which of them failed. */
function tree(spans: readonly Span[]): string[] {
  const lines: string[] = [];
  const ids = new Set(spans.map(({ id }) => id));
  const draw = (inside: (span: Span) => boolean, indent: string): void => {
    const children = spans.filter(inside);
    // Attempts bear one name, and the one that failed came first.
    children.sort((a, b) => a.name.localeCompare(b.name) || Number(b.failed) - Number(a.failed));
    for (const { name, id, failed } of children) {
      lines.push(`${indent}${name}${failed ? " ERROR" : ""}`);
      draw(({ parent }) => parent === id, `${indent}  `);
    }
  };
  draw(({ parent }) => !ids.has(parent), "");
  return lines;
}

/** The tree that the README shows, of which attempts lose their number, and errors their words. */
function shown(): string[] {
  const text = readFileSync(new URL("packages/otel/README.md", repository), "utf8");
  const from = text.indexOf("```text\n") + "```text\n".length;
  const lines = text.slice(from, text.indexOf("```", from)).trimEnd().split("\n");
  return lines.map((line) =>
    line.replace(/ (#|<).*?(?=( ERROR)|$)/, "").replace(/ERROR.*/, "ERROR"),
  );
}
