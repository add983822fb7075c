/** The findings packed, to be kept or sent by whoever runs the audit: `findings.json.gz`. */
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

export async function gzipBeside(path: string, signal: AbortSignal): Promise<void> {
  const packed = createWriteStream(`${path}.gz`);
  await pipeline(createReadStream(path), createGzip(), packed, { signal });
}
