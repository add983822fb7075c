import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { flow, flushObservers, task } from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pushRunMetrics } from "../src/index.ts";
import { CLIENTS } from "./clients.ts";

const warnings = vi.fn();
const servers: Server[] = [];
beforeEach(() => {
  vi.spyOn(process, "emitWarning").mockImplementation(warnings);
});
afterEach(() => {
  vi.restoreAllMocks();
  warnings.mockClear();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A gateway that answers as it is told, and what it was sent. */
async function gateway(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ url: string; pushed: { method: string; url: string; body: string }[] }> {
  const pushed: { method: string; url: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url = "" } = request;
    const body = Buffer.concat(await request.toArray()).toString();
    pushed.push({ method, url, body });
    answer(response, request);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pushed };
}

const accepts = (response: ServerResponse): unknown => response.writeHead(200).end();
const daily = flow("daily", { load: task("load", {}, () => 1) });

describe.each(CLIENTS)("pushing to a gateway, with %s", (_, client) => {
  test("one push for a run: three gauges, added to the group of job, flow and groupings", async () => {
    const { url, pushed } = await gateway(accepts);
    const groupings = { team: "core" };
    const observer = pushRunMetrics({ client, gatewayUrl: url, jobName: "nightly", groupings });
    const clock = new VirtualClock(1_700_000_000_000);
    await daily.run({ clock, observers: [observer] });
    await flushObservers();
    expect(pushed).toEqual([
      {
        method: "POST",
        url: "/metrics/job/nightly/team/core/flow/daily",
        body: expect.stringContaining(
          'astrum_run_last_success_timestamp_seconds{flow="daily"} 1700000000\n',
        ),
      },
    ]);
    const families = [...(pushed[0]?.body.matchAll(/^# TYPE (\S+ \S+)$/gm) ?? [])];
    expect(families.map(([, family]) => family).sort()).toEqual([
      "astrum_run_last_completion_timestamp_seconds gauge",
      "astrum_run_last_duration_seconds gauge",
      "astrum_run_last_success_timestamp_seconds gauge",
    ]);
    expect(warnings).not.toHaveBeenCalled();
  });

  test("flows have a group each, and runs that end during a push make one more push", async () => {
    const held: ServerResponse[] = [];
    const { url, pushed } = await gateway((response) => held.push(response));
    const observers = [pushRunMetrics({ client, gatewayUrl: url, jobName: "nightly" })];
    const clock = new VirtualClock();
    for (let run = 0; run < 5; run++) {
      await daily.run({ clock, observers });
      await clock.advance(1000);
    }
    await flow("team/weekly", { load: task("load", {}, () => 1) }).run({ clock, observers });
    await vi.waitFor(() => expect(held.length).toBe(2));
    for (const response of held.splice(0)) accepts(response);
    await vi.waitFor(() => expect(held.length).toBe(1));
    for (const response of held.splice(0)) accepts(response);
    await flushObservers();
    const path = "/metrics/job/nightly/flow";
    const weekly = `${path}%40base64/${Buffer.from("team/weekly").toString("base64url")}`;
    expect(pushed.map(({ url }) => url).sort()).toEqual(
      [`${path}/daily`, `${path}/daily`, weekly].sort(),
    );
    const latest = clock.wallNow() / 1000 - 1;
    expect(pushed.findLast(({ url }) => url === `${path}/daily`)?.body).toContain(`} ${latest}\n`);
    expect(pushed.find(({ url }) => url === weekly)?.body).not.toContain('flow="daily"');
  });

  test.each([
    ["never answers", () => {}],
    ["begins an answer and never ends it", (response: ServerResponse) => response.write("a")],
  ])("a gateway that %s delays no run, and is given up with a warning", async (_, answer) => {
    const { url, pushed } = await gateway(answer as () => void);
    const options = { client, gatewayUrl: url, jobName: "nightly", timeoutMs: 100 };
    const observers = [pushRunMetrics(options)];
    const report = await daily.run({ observers });
    // The run is settled, and the gateway has not even been reached.
    expect(pushed).toEqual([]);
    expect(report.executionState).toBe("completed");
    await flushObservers();
    expect(pushed.length).toBe(1);
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0]?.[0]).toBe(
      `The metrics of the last run were not pushed to ${url}/: no answer in 100 ms. Runs are not affected; the next run tries again.`,
    );
  });

  test("a gateway that is down or refuses fails no run, and is warned of once until it works", async () => {
    const down = { client, gatewayUrl: "http://user:secret@127.0.0.1:9", jobName: "nightly" };
    const report = await daily.run({ observers: [pushRunMetrics(down)] });
    await flushObservers();
    expect(report.executionState).toBe("completed");
    expect(report.observerErrors).toEqual([]);
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0]?.[0]).not.toContain("secret");

    const statuses = [400, 400, 200, 400];
    const { url } = await gateway((response) => response.writeHead(statuses.shift() ?? 500).end());
    const observers = [pushRunMetrics({ client, gatewayUrl: url, jobName: "nightly" })];
    for (const warned of [2, 2, 2, 3]) {
      await daily.run({ observers });
      await flushObservers();
      expect(warnings).toHaveBeenCalledTimes(warned);
    }
  });

  test("a flush that is given up gives the push up", async () => {
    const { url } = await gateway(() => {});
    const observers = [pushRunMetrics({ client, gatewayUrl: url, jobName: "nightly" })];
    await daily.run({ observers });
    await flushObservers({ timeoutMs: 50 });
    await vi.waitFor(() => expect(warnings).toHaveBeenCalledTimes(1));
  });
});
