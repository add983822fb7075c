/**
 * What a worker can run: the functions that its modules export, and nothing else. Knows no job.
 */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { Check } from "../check.ts";

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
export function checkModules(check: Check, tasks: unknown, threads: boolean): void {
  const modules = Array.isArray(tasks) ? (tasks as unknown[]) : [tasks];
  if (modules.length === 0) check.fault("Expected `tasks` to have at least one module");
  modules.forEach((module, at) => {
    const name = Array.isArray(tasks) ? `tasks[${at}]` : "tasks";
    const place = isPlace(module);
    if (place ? placeOf(module as URL | string) === undefined : !isModule(module))
      check.fault(
        `Expected \`${name}\` to be a module, or its URL: new URL("./jobs.js", import.meta.url)`,
      );
    else if (!place && threads)
      check.fault(
        `Expected \`${name}\` to be the URL of a module, since a thread has to load it: new URL("./jobs.js", import.meta.url)`,
      );
  });
}

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
