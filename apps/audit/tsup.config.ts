import { defineConfig } from "tsup";
import shared from "../../tsup.shared.ts";
import { banner, bundled } from "./bundled.ts";

export default defineConfig({
  ...shared,
  entry: ["src/main.ts", "src/work.ts", "src/tracing.worker.ts"],
  dts: false,
  noExternal: bundled,
  banner,
});
