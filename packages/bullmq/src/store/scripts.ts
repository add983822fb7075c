/**
 * What must happen in the store in one step and BullMQ has no command for. Every instant in here is the store's own, so
 * that no clock of a worker or a scheduler matters. Knows no connection but the one it is given.
 */
import type { Client } from "./connection.ts";

const NOW = `local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** A run belongs to one holder until its lease ends; that the run is known is kept for as long as results are. */
const LEASE = `${NOW}
local has = redis.call("HMGET", KEYS[1], "holder", "until", "beats", "known")
local alive = has[1] and has[1] ~= "" and has[1] ~= ARGV[1] and tonumber(has[2]) > now
if alive then return {0, tonumber(has[2]) - now, has[1], has[3]} end
redis.call("HSET", KEYS[1], "holder", ARGV[1], "until", now + ARGV[2], "known", 1)
redis.call("HINCRBY", KEYS[1], "beats", 1)
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return {1, has[4] and 1 or 0, "", ""}`;

const RELEASE = `if redis.call("HGET", KEYS[1], "holder") == ARGV[1] then redis.call("HSET", KEYS[1], "holder", "") end
return 0`;

/**
 * Gives every ended job a time to live, by walking over the ended ones a piece at a time; and forgets those that are
 * gone. BullMQ would measure age by the clocks of the workers.
 */
const SWEEP = `${NOW}
local at = tonumber(redis.call("HGET", KEYS[3], "at") or "0")
if at + tonumber(ARGV[2]) > now then return 0 end
redis.call("HSET", KEYS[3], "at", now)
redis.call("PEXPIRE", KEYS[3], 3600000)
for i = 1, 2 do
  local count = math.max(1000, math.min(10000, math.floor(redis.call("ZCARD", KEYS[i]) / 60)))
  local cursor = redis.call("HGET", KEYS[3], "cursor" .. i) or "0"
  local part = redis.call("ZSCAN", KEYS[i], cursor, "COUNT", count)
  for j = 1, #part[2], 2 do
    local key = ARGV[3] .. part[2][j]
    local ttl = redis.call("PTTL", key)
    if ttl == -1 then redis.call("PEXPIRE", key, ARGV[1])
    elseif ttl == -2 then redis.call("ZREM", KEYS[i], part[2][j]) end
  end
  redis.call("HSET", KEYS[3], "cursor" .. i, part[1])
end
return 1`;

/** A worker says that it is there; those that have not said so for a while are forgotten. */
const BEAT = `${NOW}
redis.call("ZADD", KEYS[1], now, ARGV[1])
redis.call("HSET", KEYS[2], ARGV[1], ARGV[2])
local lost = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[3])
for _, id in ipairs(lost) do
  redis.call("ZREM", KEYS[1], id)
  redis.call("HDEL", KEYS[2], id)
end
redis.call("PEXPIRE", KEYS[1], ARGV[3])
redis.call("PEXPIRE", KEYS[2], ARGV[3])
return 0`;

const WORKERS = `${NOW}
local ids = redis.call("ZRANGEBYSCORE", KEYS[1], now - ARGV[1], "+inf")
local infos = {}
for i, id in ipairs(ids) do infos[i] = redis.call("HGET", KEYS[2], id) or "" end
return infos`;

export type Script = "lease" | "release" | "sweep" | "beat" | "workers";

const SCRIPTS: Readonly<Record<Script, { readonly lua: string; readonly numberOfKeys: number }>> = {
  lease: { lua: LEASE, numberOfKeys: 1 },
  release: { lua: RELEASE, numberOfKeys: 1 },
  sweep: { lua: SWEEP, numberOfKeys: 3 },
  beat: { lua: BEAT, numberOfKeys: 2 },
  workers: { lua: WORKERS, numberOfKeys: 2 },
};

/** Calls them, by their hash once they are known to the server. */
export function scriptCaller(
  client: Client,
): (script: Script, ...args: (string | number)[]) => Promise<unknown> {
  for (const [name, { lua, numberOfKeys }] of Object.entries(SCRIPTS))
    client.defineCommand(`astrum-${name}`, { lua, numberOfKeys });
  return (script, ...args) => {
    const commands = client as unknown as Record<
      string,
      (...args: (string | number)[]) => Promise<unknown>
    >;
    const call = commands[`astrum-${script}`] as (
      ...given: (string | number)[]
    ) => Promise<unknown>;
    return call.apply(client, args);
  };
}
