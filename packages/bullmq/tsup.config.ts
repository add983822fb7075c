import shared, { withCrossing } from "../../tsup.shared.ts";

export default {
  ...shared,
  ...withCrossing,
  entry: {
    index: "src/index.ts",
    "astrum-worker": "src/astrum-worker.ts",
    "in-thread": "src/worker/in-thread.ts",
  },
};
