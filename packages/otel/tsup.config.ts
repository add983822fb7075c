import shared from "../../tsup.shared.ts";

export default { ...shared, entry: ["src/index.ts", "src/worker.ts"] };
