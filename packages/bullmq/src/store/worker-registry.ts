/** Which workers are there and what they have. A worker says so every few seconds; one that does not is forgotten. */
import type { Names } from "./names.ts";
import type { scriptCaller } from "./scripts.ts";

/** What a worker says of itself. */
export interface WorkerInfo {
  /** `host:pid`. */
  readonly executor: string;
  /** Of this package, and of what crosses. */
  readonly version: string;
  readonly protocol: number;
  readonly tasks: readonly string[];
  readonly concurrency: number;
  readonly running: number;
  readonly draining: boolean;
}

export const BEAT_MS = 5_000;
const FORGOTTEN_AFTER_MS = 3 * BEAT_MS;

type Call = ReturnType<typeof scriptCaller>;

/** `id` is of this worker alone: a process may have several. */
export async function beat(
  script: Call,
  names: Names,
  id: string,
  info: WorkerInfo,
): Promise<void> {
  const keys = [names.key("workers"), names.key("worker-info")];
  await script("beat", ...keys, id, JSON.stringify(info), FORGOTTEN_AFTER_MS);
}

export async function workersIn(script: Call, names: Names): Promise<WorkerInfo[]> {
  const keys = [names.key("workers"), names.key("worker-info")];
  const infos = (await script("workers", ...keys, FORGOTTEN_AFTER_MS)) as string[];
  return infos.flatMap((json) => {
    try {
      return [JSON.parse(json) as WorkerInfo];
    } catch {
      return [];
    }
  });
}
