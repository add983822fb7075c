import { describeChains } from "./killing-chains.ts";

// Many more: `pnpm test:slow`, and a thousand kills in `pnpm test:nightly`.
describeChains(Number(process.env.ASTRUM_KILLS ?? 12));
