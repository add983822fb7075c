import { mergeConfig } from "vitest/config";
import shared from "../../vitest.consumers.ts";

export default mergeConfig(shared, {
  test: { globalSetup: ["test/consumers/installation.ts"] },
});
