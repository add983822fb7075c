/** A real Pushgateway, through a success and a failure. */
import { flow, flushObservers, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pushRunMetrics } from "../../src/index.ts";
import { CLIENTS } from "../clients.ts";
import { type Service, start } from "./program.ts";

const warnings = vi.fn();
let gateway: Service;
beforeEach(async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(warnings);
  gateway = await start(
    "prometheus-pushgateway",
    (port) => [`--web.listen-address=127.0.0.1:${port}`, "--persistence.file="],
    "/-/ready",
  );
});
afterEach(async () => {
  vi.restoreAllMocks();
  warnings.mockClear();
  await gateway?.stop();
});

async function held(): Promise<string[]> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => line.startsWith("astrum_"))
    .map((line) => line.replace('instance="",', ""))
    .sort();
}

describe.each(CLIENTS)("a gateway, with %s", (_, client) => {
  /** As a process would that runs the flow once and exits. */
  async function nightly(name: string, atSeconds: number, fails: boolean): Promise<void> {
    const load = task("load", {}, () => {
      if (fails) throw new Error("no");
    });
    const options = { client, gatewayUrl: gateway.url, jobName: "cron" };
    const clock = new VirtualClock(atSeconds * 1000);
    const observers = [pushRunMetrics({ ...options, groupings: { team: "a/b", shard: "" } })];
    await flow(name, { load }).run({ clock, observers });
    await flushObservers();
    expect(warnings).not.toHaveBeenCalled();
  }

  test("the last success is still there after a failure, in a group for each flow", async () => {
    await nightly("nightly", 1000, false);
    await nightly("team/weekly", 1500, true);
    await nightly("nightly", 2000, true);
    const labels = (flow: string): string => `{flow="${flow}",job="cron",shard="",team="a/b"}`;
    expect(await held()).toEqual([
      `astrum_run_last_completion_timestamp_seconds${labels("nightly")} 2000`,
      `astrum_run_last_completion_timestamp_seconds${labels("team/weekly")} 1500`,
      `astrum_run_last_duration_seconds${labels("nightly")} 0`,
      `astrum_run_last_duration_seconds${labels("team/weekly")} 0`,
      `astrum_run_last_failure_timestamp_seconds${labels("nightly")} 2000`,
      `astrum_run_last_failure_timestamp_seconds${labels("team/weekly")} 1500`,
      `astrum_run_last_success_timestamp_seconds${labels("nightly")} 1000`,
    ]);
  });
});
