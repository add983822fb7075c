import shared from "../../tsup.shared.ts";

export default {
  ...shared,
  entry: { index: "src/index.ts", "astrum-worker": "src/astrum-worker.ts" },
};
