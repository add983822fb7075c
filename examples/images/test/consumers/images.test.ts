import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Jimp } from "jimp";
import { expect, it, onTestFinished } from "vitest";
import { receiver, type Span } from "./receiver.ts";

const example = join(import.meta.dirname, "../..");

async function gallery(photos: Readonly<Record<string, readonly [width: number, height: number]>>) {
  const home = mkdtempSync(join(tmpdir(), "astrum-images-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "photos"));
  for (const [name, [width, height]] of Object.entries(photos)) {
    const image = new Jimp({ width, height, color: 0x3366ccff });
    writeFileSync(join(home, "photos", name), await image.getBuffer("image/png"));
  }
  const collector = await receiver();
  onTestFinished(collector.close);
  /** The program, started as its reader does, with the packages as they are built. */
  const shrink = (url = collector.url) =>
    new Promise<{ code: unknown; told: string[]; errors: string }>((resolve) => {
      const program = ["--import", join(example, "tracing.js"), join(example, "main.js")];
      const env = {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
      };
      execFile(process.execPath, program, { cwd: home, env }, (error, told, errors) =>
        resolve({ code: error?.code ?? 0, told: told.trimEnd().split("\n"), errors }),
      );
    });
  return { home, shrink, spans: collector.spans };
}

/** The names of a span and of all above it, from the root of its trace. */
function path(span: Span, spans: readonly Span[]): string {
  const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
  if (above !== undefined) return `${path(above, spans)} > ${span.name}`;
  return span.parentSpanId ? `what was not received > ${span.name}` : span.name;
}
const attribute = (span: Span, name: string) =>
  Object.values(span.attributes.find(({ key }) => key === name)?.value ?? {})[0];

const ITEM = "run images > task thumbs > task thumbs";

it("makes each image smaller, on a thread whose spans are children of that image's", async () => {
  const { home, shrink, spans } = await gallery({ "a.png": [640, 480], "b.png": [100, 800] });
  expect(await shrink()).toEqual({ code: 0, told: ["2 made, 0 failed"], errors: "" });
  const sizes: unknown[] = [];
  for (const name of readdirSync(join(home, "thumbs")).sort()) {
    const { width, height } = await Jimp.read(join(home, "thumbs", name));
    sizes.push([name, width, height]);
  }
  expect(sizes).toEqual([
    ["a.png.jpg", 320, 240],
    ["b.png.jpg", 40, 320],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const steps = spans.filter((span) => attribute(span, "thread.id") !== undefined);
  expect(steps.map((span) => path(span, spans)).sort()).toEqual(
    ["decode", "decode", "encode", "encode", "resize", "resize"].map((step) => `${ITEM} > ${step}`),
  );
  for (const image of spans.filter((span) => path(span, spans) === ITEM)) {
    const own = steps.filter(({ parentSpanId }) => parentSpanId === image.spanId);
    expect(own.map(({ name }) => name)).toEqual(["decode", "resize", "encode"]);
    // Of the main thread it is 0.
    for (const step of own) expect(Number(attribute(step, "thread.id"))).toBeGreaterThan(0);
    expect(attribute(image, "astrum.attempt.executor")).toMatch(/^worker-\d+$/);
  }
});

it("lets an image that is none fail alone, with its error in the trace, and says which", async () => {
  const { home, shrink, spans } = await gallery({ "a.png": [64, 48] });
  writeFileSync(join(home, "photos", "notes.txt"), "no image");
  const { code, told } = await shrink();
  expect([code, told[0]]).toEqual([1, "1 made, 1 failed"]);
  expect(told[1]).toMatch(/^ {2}photos\/notes\.txt: Could not find MIME/);
  expect(readdirSync(join(home, "thumbs"))).toEqual(["a.png.jpg"]);
  const failed = spans.filter(({ status }) => status.code === 2);
  expect(failed.map((span) => attribute(span, "astrum.task.item.key"))).toEqual([
    "photos/notes.txt",
  ]);
  expect(failed[0]?.events.map(({ name }) => name)).toEqual(["exception"]);
});

it("makes them all the same when nobody is there to take the spans", async () => {
  const { home, shrink } = await gallery({ "a.png": [64, 48] });
  const { code, told } = await shrink("http://127.0.0.1:9");
  expect([code, told]).toEqual([0, ["1 made, 0 failed"]]);
  expect(readdirSync(join(home, "thumbs"))).toEqual(["a.png.jpg"]);
});
