/**
 * Imports the modules of the tasks inside a thread, TypeScript included, and says clearly what is wrong with one that
 * cannot be used. Knows no call and no port.
 *
 * TypeScript: Node strips types by itself from 22.18 on (`process.features.typescript`). Before that a thread ignores
 * the loaders of the main thread (nodejs/node#47747), so `tsx` is registered from inside, once, if it is installed.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { pack } from "./pack.js";

/** @import { ModuleFailure } from "../wire.ts" */
/** @typedef {Readonly<Record<string, unknown>>} Namespace */

/** A module of the user's that cannot be used. Never reaches a task; it crosses as facts. */
export class ModuleFault extends Error {
  /** @param {ModuleFailure} failure */
  constructor(failure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/** @type {Map<string, Namespace>} */
const loaded = new Map();
let tsxRegistered = false;

/**
 * @param {string} url
 * @returns {Namespace | undefined} without waiting when it has been imported before
 */
export function loadedModule(url) {
  return loaded.get(url);
}

/**
 * @param {string} url
 * @returns {Promise<Namespace>}
 * @throws {ModuleFault}
 */
export async function loadModule(url) {
  const place = url.startsWith("file:") ? placeOf(url) : url;
  if (place === undefined) throw moduleFault("not-found", url);
  if (/\.[mc]?tsx?$/.test(place)) await prepareTypeScript(place);
  try {
    const namespace = /** @type {Namespace} */ (await import(place));
    loaded.set(url, namespace);
    return namespace;
  } catch (error) {
    throw moduleFault("import-failed", place, { cause: pack(error) });
  }
}

/**
 * The file itself, or the same module before or after it was compiled: one source runs as `./image.worker.js` under a
 * loader of TypeScript, and as `./image.worker.ts` where only its compiled form lies beside the program.
 *
 * @param {string} url
 */
function placeOf(url) {
  const twin = url.replace(
    /\.([mc]?)([jt])s$/,
    (_, kind, language) => `.${kind}${language === "j" ? "t" : "j"}s`,
  );
  return [url, twin].find((candidate) => existsSync(fileURLToPath(candidate)));
}

/**
 * @param {Namespace} namespace
 * @returns {string[]} the names of its functions
 */
export function functionsOf(namespace) {
  return Object.keys(namespace).filter((name) => typeof namespace[name] === "function");
}

/**
 * @param {Namespace} namespace
 * @param {string} url
 * @param {string} name
 * @returns {Function}
 */
export function functionOf(namespace, url, name) {
  const found = Object.hasOwn(namespace, name) ? namespace[name] : undefined;
  if (typeof found === "function") return found;
  throw moduleFault("no-export", url, { exports: functionsOf(namespace) });
}

/**
 * @param {ModuleFailure["reason"]} reason
 * @param {string} url
 * @param {Partial<ModuleFailure>} [more]
 */
export function moduleFault(reason, url, more) {
  return new ModuleFault({ reason, url, exports: [], cause: undefined, ...more });
}

/** @param {string} url */
async function prepareTypeScript(url) {
  if (tsxRegistered || /** @type {{ typescript?: unknown }} */ (process.features).typescript)
    return;
  const { register } = await findTsx(url);
  register();
  tsxRegistered = true;
}

/**
 * @param {string} url
 * @returns {Promise<{ register: () => void }>}
 */
async function findTsx(url) {
  try {
    // From the module's own place: in a monorepo that is where the project's tools are.
    const near = url.startsWith("file:") ? url : pathToFileURL(`${process.cwd()}/`).href;
    const manifest = createRequire(near).resolve("tsx/package.json");
    // `require.resolve` would give the CommonJS build, whose `register` does not work when it is imported.
    const { exports } = JSON.parse(readFileSync(manifest, "utf8"));
    return await import(new URL(exports["./esm/api"].import.default, pathToFileURL(manifest)).href);
  } catch (error) {
    throw moduleFault("no-typescript", url, { cause: pack(error) });
  }
}
