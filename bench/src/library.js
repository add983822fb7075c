/** The packages that are measured: those of this checkout, or the built ones of another. Measures nothing. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * @typedef {object} Library
 * @property {typeof import("@astrum/core")} core
 * @property {() => Promise<typeof import("@astrum/core/whatif")>} whatif Loaded when it is measured: an earlier checkout may have none.
 * @property {typeof import("@astrum/reporters")} reporters
 * @property {typeof import("@astrum/otel")} otel
 * @property {typeof import("@astrum/prometheus")} prometheus
 */

/**
 * @param {string | undefined} checkout The root of another checkout, whose packages are built.
 * @returns {Promise<Library>}
 */
export async function load(checkout) {
  if (checkout === undefined) {
    return {
      core: await import("@astrum/core"),
      whatif: () => import("@astrum/core/whatif"),
      reporters: await import("@astrum/reporters"),
      otel: await import("@astrum/otel"),
      prometheus: await import("@astrum/prometheus"),
    };
  }
  const entry = (/** @type {string} */ name, /** @type {string} */ file) =>
    import(pathToFileURL(join(checkout, "packages", name, `dist/${file}.js`)).href);
  const built = (/** @type {string} */ name) => entry(name, "index");
  return {
    core: await built("core"),
    whatif: () => entry("core", "whatif"),
    reporters: await built("reporters"),
    otel: await built("otel"),
    prometheus: await built("prometheus"),
  };
}
