import shared from "../../tsup.shared.ts";

export default { ...shared, entry: ["src/index.ts", "src/register.ts", "src/worker.ts"] };
