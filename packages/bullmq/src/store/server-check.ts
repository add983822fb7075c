/** What a store must be like before work is trusted to it. Reads what it is allowed to read. */
import { StoreUnavailableError } from "../errors.ts";
import type { Client } from "./connection.ts";

/** Says what is wrong, if anything is: a store that evicts keys loses jobs and locks without a word. */
export async function serverFault(client: Client): Promise<string | undefined> {
  let info: string;
  try {
    info = await client.info();
  } catch {
    return undefined; // Not allowed to ask: then nothing can be said.
  }
  const [, maxMemory] = /^maxmemory:(\d+)/m.exec(info) ?? [];
  const [, policy] = /^maxmemory_policy:(\S+)/m.exec(info) ?? [];
  if (maxMemory === undefined || maxMemory === "0") return undefined;
  if (policy === undefined || policy === "noeviction") return undefined;
  return `The store evicts keys when it is full (maxmemory-policy ${policy}), which loses jobs and locks. Set maxmemory-policy to noeviction`;
}

export async function checkServer(client: Client): Promise<void> {
  const fault = await serverFault(client);
  if (fault !== undefined) throw new StoreUnavailableError(`${fault}.`);
}
