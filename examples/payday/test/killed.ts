/**
 * Loaded before the example: takes its process down, as kill -9 does, at one of its commits. `KILLED=before 2` is when the
 * second is to be sent, `after 2` when it is done, and nobody has heard of it. `lost 2` takes the connection away instead.
 * `held before 2` and `held after 2` wait there until they are told to go on, so that something may happen to the server.
 */
import { once } from "node:events";
import pg from "pg";

const told = (process.env.KILLED ?? "").split(" ");
const held = told[0] === "held";
const [when, which] = held ? told.slice(1) : told;
const { query } = pg.Client.prototype;
let begun = 0;

type Query = (text: unknown, ...rest: unknown[]) => Promise<unknown>;

pg.Client.prototype.query = async function (this: pg.Client, text: unknown, ...rest: unknown[]) {
  const send = (): Promise<unknown> => (query as unknown as Query).call(this, text, ...rest);
  if (text !== "commit" || ++begun !== Number(which)) return send();
  if (when === "before") await stop();
  const answer = await send();
  if (when === "after") await stop();
  if (held) return answer;
  throw new Error("Connection terminated unexpectedly");
} as typeof query;

async function stop(): Promise<void> {
  if (!held) process.kill(process.pid, "SIGKILL");
  process.stdout.write("held\n");
  await once(process.stdin.resume(), "end");
}
