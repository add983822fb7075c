/**
 * What a worker can run: the functions that its modules export, and nothing else. Knows no job.
 */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { OptionCheck } from "astrum-options";

/** A module (`import * as jobs from "./jobs.js"`), or where it is: a URL, or an absolute path. */
export type TaskModule = URL | string | Readonly<Record<string, unknown>>;

type TaskFunction = (...args: unknown[]) => unknown;

export interface WorkerTask {
  readonly name: string;
  readonly run: TaskFunction;
  /** Where a thread can load it. */
  readonly url: string | undefined;
}

export type TaskTable = ReadonlyMap<string, WorkerTask>;

/** Collects what is wrong with the modules as they are given. */
export function checkModules(
  place: string,
  value: unknown,
  check: OptionCheck,
  threads: boolean,
): void {
  const modules = Array.isArray(value) ? (value as unknown[]) : [value];
  if (modules.length === 0) check.expected(place, "at least one module", value);
  modules.forEach((module, at) => {
    const name = Array.isArray(value) ? `${place}[${at}]` : place;
    const isUrl = isPlace(module);
    if (isUrl ? placeOf(module as URL | string) === undefined : !isModule(module))
      check.expected(name, `a module, or its URL: ${EXAMPLE}`, module);
    else if (!isUrl && threads)
      check.expected(
        name,
        `the URL of a module, since a thread has to load it: ${EXAMPLE}`,
        module,
      );
  });
}

const EXAMPLE = 'new URL("./jobs.js", import.meta.url)';

/** Imports what is given by its place. Throws when a module cannot be imported, or two export one name. */
export async function taskTable(tasks: TaskModule | readonly TaskModule[]): Promise<TaskTable> {
  const table = new Map<string, WorkerTask>();
  for (const module of (Array.isArray(tasks) ? tasks : [tasks]) as TaskModule[]) {
    const url = isPlace(module) ? placeOf(module as URL | string) : undefined;
    const exported = url === undefined ? (module as object) : await load(url);
    for (const [name, run] of Object.entries(exported)) {
      if (typeof run !== "function" || name === "default") continue;
      const other = table.get(name);
      if (other !== undefined && other.run !== run)
        throw new TypeError(
          `serveWorker: two modules export a task "${name}"${url === undefined ? "" : ` (one is ${url})`}. Rename one of them.`,
        );
      table.set(name, { name, run: run as TaskFunction, url });
    }
  }
  if (table.size === 0)
    throw new TypeError("serveWorker: the modules export no function, so there is nothing to run.");
  return table;
}

async function load(url: string): Promise<object> {
  try {
    return (await import(url)) as object;
  } catch (cause) {
    const { code, message } = cause as { code?: string; message?: string };
    const hint =
      code === "ERR_UNKNOWN_FILE_EXTENSION"
        ? `. Node ${process.version} runs no TypeScript: use Node 22.18 or later, start with --import tsx, or point at the compiled file`
        : "";
    throw new TypeError(`serveWorker: ${url} cannot be imported: ${message}${hint}`, { cause });
  }
}

function isPlace(module: unknown): boolean {
  return typeof module === "string" || module instanceof URL;
}

function isModule(module: unknown): boolean {
  return typeof module === "object" && module !== null;
}

function placeOf(place: URL | string): string | undefined {
  if (place instanceof URL) return place.href;
  if (isAbsolute(place)) return pathToFileURL(place).href;
  // The URL of a store in the wrong place is not imported, and not repeated.
  return URL.canParse(place) && !/^rediss?:/.test(place) ? place : undefined;
}
