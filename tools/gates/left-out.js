/** Says which suites `pnpm test` left out because they need system packages, and how to run them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const suites = ["packages", "apps", "examples"]
  .map((parent) => join(root, parent))
  .filter((parent) => existsSync(parent))
  .flatMap((parent) => readdirSync(parent).map((name) => join(parent, name)))
  .filter((folder) => existsSync(join(folder, "test/consumers")))
  .map((folder) => {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const files = readdirSync(join(folder, "test/consumers"), {
      recursive: true,
      encoding: "utf8",
    });
    const count = files.filter((file) => file.endsWith(".test.ts")).length;
    return `  ${name}: ${count} ${count === 1 ? "file" : "files"} in test/consumers`;
  });

if (suites.length > 0) {
  console.log("\nLeft out, because they need the system packages listed in .ci/system-packages:");
  console.log(suites.join("\n"));
  console.log("Install those, then: npx --yes pnpm@10.34.9 test:consumers\n");
}
