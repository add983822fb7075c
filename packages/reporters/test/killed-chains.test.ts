import { describeChains } from "./killing-chains.ts";

// Many more: `pnpm test:slow`.
describeChains(Number(process.env.ASTRUM_KILLS ?? 12));
