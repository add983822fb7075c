/** What runs on the threads: ordinary exported functions, whose spans are part of the caller's trace. */
import { readFile, writeFile } from "node:fs/promises";
import { threadId } from "node:worker_threads";
import { trace } from "@opentelemetry/api";
import { Jimp } from "jimp";

const tracer = trace.getTracer("images");

/** @param {{ from: string, to: string, size: number }} photo */
export async function shrink({ from, to, size }) {
  const image = await step("decode", async () => Jimp.read(await readFile(from)));
  await step("resize", async () => image.scaleToFit({ w: size, h: size }));
  const bytes = await step("encode", () => image.getBuffer("image/jpeg"));
  await writeFile(to, bytes);
  return { width: image.width, height: image.height };
}

/**
 * The span of a part of the work. What it throws is told by the span of the attempt.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 */
function step(name, work) {
  return tracer.startActiveSpan(name, { attributes: { "thread.id": threadId } }, (span) =>
    work().finally(() => span.end()),
  );
}
