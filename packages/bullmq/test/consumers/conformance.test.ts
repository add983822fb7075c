import { testRunner } from "astrum-conformance";
import { connectFleet, remote } from "../../src/index.ts";
import { startRedis } from "./redis.ts";
import { startWorker } from "./rig.ts";

testRunner(async () => {
  const redis = await startRedis();
  const tasks = import.meta.resolve("astrum-conformance/tasks");
  const worker = await startWorker(redis.url, { queue: "conformance", tasks });
  const fleet = await connectFleet({
    queue: "conformance",
    connection: { url: redis.url },
    reconcileMs: 100,
  });
  const jobs = remote<typeof import("astrum-conformance/tasks")>();
  const { sum, two, scaled, breaks, final, finalAndUntidy, secondTry, tells, endless } = jobs;
  const { skips, skipsInSecret, skipsInVain } = jobs;
  const { speaks, speaksAndBreaks, asksForTime, spends } = jobs;
  return {
    runner: fleet.runner({
      tasks: {
        ...{ sum, two, scaled, breaks, final, finalAndUntidy, secondTry, tells, endless },
        ...{ skips, skipsInSecret, skipsInVain },
        ...{ speaks, speaksAndBreaks, asksForTime, spends },
      },
    }),
    place: /^[^:/]+:\d+$/,
    close: async () => {
      await fleet.close();
      await worker.kill();
      await redis.close();
    },
  };
});
