/**
 * Loaded before the example: takes its process down, as kill -9 does, at one of its commits. `KILLED=before 2` is when the
 * second is to be sent, `after 2` when it is done, and nobody has heard of it. `lost 2` takes the connection away instead.
 */
import pg from "pg";

const [when, which] = (process.env.KILLED ?? "").split(" ");
const { query } = pg.Client.prototype;
let begun = 0;

type Query = (text: unknown, ...rest: unknown[]) => Promise<unknown>;

pg.Client.prototype.query = async function (this: pg.Client, text: unknown, ...rest: unknown[]) {
  const send = (): Promise<unknown> => (query as unknown as Query).call(this, text, ...rest);
  if (text !== "commit" || ++begun !== Number(which)) return send();
  if (when === "before") process.kill(process.pid, "SIGKILL");
  await send();
  if (when === "after") process.kill(process.pid, "SIGKILL");
  throw new Error("Connection terminated unexpectedly");
} as typeof query;
