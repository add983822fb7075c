import shared, { counted } from "../../vitest.shared.ts";

export default {
  ...shared,
  test: {
    ...shared.test,
    include: ["test/*.slow.ts"],
    reporters: counted("slow"),
    testTimeout: 300_000,
  },
};
