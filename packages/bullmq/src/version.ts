/** Of this package, which has the version of the core. */
export { VERSION } from "@astrum/core";
