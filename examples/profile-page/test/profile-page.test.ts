import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";

/** A program of the example, started as its reader does; the sources need no build. It ends with its test. */
function program(file: string, env: Record<string, string>) {
  const flags = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx")];
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, "..", file)], {
    env: { ...process.env, ...env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return (await ended) as [code: number | null, signal: string | null];
  };
  // One that waits for a request which nobody has ended would not hear of less.
  onTestFinished(async () => void (await end("SIGKILL")));
  const lines: string[] = [];
  const heard = createInterface(child.stdout).on("line", (line) => lines.push(line));
  /** The first line that it has said, or will say, in which this stands. */
  const line = async (text: string): Promise<string> => {
    for (;;) {
      const found = lines.find((line) => line.includes(text));
      if (found !== undefined) return found;
      await once(heard, "line");
    }
  };
  const url = async () => /http:\/\/[\d.:]+/.exec(await line("http://"))?.[0] as string;
  return { lines, line, url, end };
}

async function page(limitMs: number) {
  const services = program("services.js", {});
  const server = program("main.js", {
    SERVICES: await services.url(),
    LIMIT_MS: String(limitMs),
  });
  const url = await server.url();
  const open = (id: string, init?: RequestInit) => fetch(`${url}/users/${id}`, init);
  return { services, server, open };
}

// A minute and an hour: what ends sooner was not ended by a limit.
const [MINUTE, HOUR] = [60_000, 3_600_000];
/** As little as a busy machine needs to answer in a part of it. */
const SECONDS = 6_000;
// Each test starts two programs.
const limit = { timeout: 180_000 };

it("shows everything, though the first answer about the user was lost", limit, async () => {
  const { open, server } = await page(MINUTE);
  const answer = await open("7");
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({
    user: { name: "Ada" },
    orders: ["tea", "gold"],
    recommendations: ["music"],
    without: [],
  });
  expect(server.lines.join("\n")).not.toContain("without");
});

it("is sent without what is broken and what is late, and its log says why", limit, async () => {
  const { open, server, services } = await page(SECONDS);
  const answer = await open("8");
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({
    user: { name: "Grace" },
    orders: [],
    recommendations: ["books"],
    without: ["orders", "recommendations"],
  });
  expect(JSON.parse(await server.line("without orders")).err.message).toBe("orders: 503");
  expect(JSON.parse(await server.line("without recommendations")).err.message).toBe(
    `Task "recommendations" took longer than ${SECONDS / 4} ms`,
  );
  await services.line("/recommendations/8 is not waited for any more");
});

it("stops what it asked for when its reader leaves, and serves the others", limit, async () => {
  const { open, server, services } = await page(HOUR);
  const leaving = new AbortController();
  const left = open("9", { signal: leaving.signal });
  await services.line("/user/9 is asked");
  const other = await open("7");
  leaving.abort();
  await expect(left).rejects.toThrow("aborted");
  await services.line("/user/9 is not waited for any more");
  expect(other.status).toBe(200);
  expect((await open("7")).status).toBe(200);
  // A server that is asked to end has nothing left to wait for.
  expect(await server.end("SIGTERM")).toEqual([0, null]);
  expect(server.lines.map((line) => JSON.parse(line).err?.type)).not.toContain("TimeoutError");
});

it(
  "says that it is too late, that there is nobody, or that a service is broken",
  limit,
  async () => {
    const { open } = await page(SECONDS);
    const [late, nobody, noNumber] = await Promise.all(
      ["9", "11", "..%2Fpopular"].map((id) => open(id)),
    );
    expect([late?.status, await late?.text()]).toEqual([504, "too late"]);
    expect([nobody?.status, await nobody?.text()]).toEqual([404, "nobody"]);
    expect(noNumber?.status).toBe(404);
  },
);

it("is no page when the services cannot be reached", limit, async () => {
  const server = program("main.js", { SERVICES: "http://127.0.0.1:9", LIMIT_MS: String(MINUTE) });
  const answer = await fetch(`${await server.url()}/users/7`);
  expect([answer.status, await answer.text()]).toEqual([502, "try again"]);
});
