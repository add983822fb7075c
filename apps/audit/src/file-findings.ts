/** The files that are a burden as a whole: too large to be looked at, or binary and no medium. Reads none of them. */
import type { BinaryFinding, OversizedFinding } from "./finding.ts";
import { largestFileBytes, type ReadFile } from "./read.ts";

/** What has no better form than a binary one, and what repositories keep on purpose. */
const media = /^(image|font|audio|video|model)\/|^application\/(vnd\.ms-fontobject|ogg|mxf)$/;

export interface FileFindings {
  readonly oversized: readonly OversizedFinding[];
  readonly binary: readonly BinaryFinding[];
}

export function fileFindings(files: readonly ReadFile[]): FileFindings {
  const oversized: OversizedFinding[] = [];
  const binary: BinaryFinding[] = [];
  for (const file of files) {
    if (file.kind === "text" || file.kind === "skipped") continue;
    const { path, bytes } = file;
    if (bytes > largestFileBytes) {
      const message = `${sizeOf(bytes)}, more than ${sizeOf(largestFileBytes)}`;
      oversized.push({ kind: "oversized", path, line: 1, message, bytes });
    }
    if (file.kind === "binary" && !media.test(file.mediaType ?? "")) {
      const type = file.mediaType ?? "of no known type";
      binary.push({ kind: "binary", path, line: 1, message: `${sizeOf(bytes)}, ${type}`, bytes });
    }
  }
  return { oversized, binary };
}

function sizeOf(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const size = bytes / 1024 ** power;
  return `${Number.isInteger(size) ? size : size.toFixed(1)} ${units[power]}`;
}
