/**
 * The log and the flow that a function of this folder is given, checked: where the file is, whatever the working directory
 * becomes; never a text. Looks into neither.
 */

/** @throws TypeError for what can be no file. @throws Error in a runtime without files. */
export function logFile(who: string, path: string | URL): URL {
  const { process } = globalThis;
  const url = process?.getBuiltinModule?.("node:url");
  const fs = process?.getBuiltinModule?.("node:fs");
  if (url === undefined || fs === undefined) {
    throw new Error(`${who}() needs a runtime with files, such as Node.js.`);
  }
  const isText = typeof path === "string" && path !== "";
  const isFile = path instanceof URL && path.protocol === "file:";
  if (!isText && !isFile) {
    throw new TypeError(`${who}(): Expected its first argument to be the path of a file.`);
  }
  const file = isText ? url.pathToFileURL(path) : (path as URL);
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) {
    throw new TypeError(
      `${who}(): ${url.fileURLToPath(file)} is no file: a log that is taken up is read and written.`,
    );
  }
  return file;
}

/** @throws TypeError */
export function flowName(who: string, flow: { readonly name: string } | undefined): string {
  const name: unknown = flow?.name;
  if (typeof name === "string") return name;
  throw new TypeError(`${who}(): Expected its second argument to be a flow, or its \`{ name }\`.`);
}
