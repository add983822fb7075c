/** Takes up the log of a flow and keeps it until it is killed. Argument: the log. */
import { resumable } from "../../src/index.ts";

await resumable(process.argv[2] ?? "", { name: "nightly" });
process.send?.("held");
setInterval(() => {}, 1000);
