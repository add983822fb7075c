/** A task module in TypeScript. */
import type { WorkerContext } from "../../src/index.ts";

interface Box {
  readonly width: number;
  readonly height: number;
}

export function area({ width, height }: Box, _context: WorkerContext): number {
  return (width * height) satisfies number;
}
