/**
 * A page of three services, for readers who wait for half a second at most. The user must be there, and may be asked for
 * twice until then; orders and recommendations have something to show in their place. Nobody works for a reader who has left.
 *
 *     node services.js & node main.js   # then: curl 127.0.0.1:3000/users/8
 */
import { flow, param, TimeoutError, task } from "@astrum/core";
import Fastify from "fastify";

const { SERVICES = "http://127.0.0.1:3001", PORT = "3000", LIMIT_MS = "500" } = process.env;
const limitMs = Number(LIMIT_MS);

/** @param {string} service */
function ask(service) {
  /** @type {(of: { id: string }, context: { signal: AbortSignal }) => Promise<unknown>} */
  return async ({ id }, { signal }) => {
    const response = await fetch(`${SERVICES}/${service}/${id}`, { signal });
    if (response.ok) return response.json();
    const { status } = response;
    throw Object.assign(new Error(`${service}: ${status}`), { status, retryable: status >= 500 });
  };
}

const id = /** @type {import("@astrum/core").Param<string>} */ (param("id"));
const user = task("user", { id }, ask("user"), {
  retry: { attempts: 2, backoff: "fixed", baseMs: 20 },
  deadlineMs: limitMs / 2,
});
const orders = task("orders", { id }, ask("orders"), {
  timeoutMs: limitMs / 2,
  fallback: () => [],
});
const recommendations = task(
  "recommendations",
  { id, user },
  ask("recommendations"),
  // With the user's half below the limit, so that there is time to send the page without them.
  { timeoutMs: limitMs / 4, fallback: () => ["books"] },
);
const profile = flow("profile", { user, orders, recommendations });

const app = Fastify({ logger: true });
app.get("/users/:id(^\\d+$)", async ({ params, signal, log }, reply) => {
  const { id } = /** @type {{ id: string }} */ (params);
  const done = await profile.run({ params: { id }, signal, timeoutMs: limitMs, graceMs: 0 });
  for (const { task, error } of done.failures) log.warn(error, `without ${task}`);
  if (done.executionState === "completed") {
    return { ...done.unwrap(), without: done.failures.map(({ task }) => task) };
  }
  if (signal.aborted) return reply.code(499).send(); // To nobody: the log has it.
  const error = done.failures[0]?.error;
  if (done.timedOut || error instanceof TimeoutError) return reply.code(504).send("too late");
  const isMissing = error instanceof Error && "status" in error && error.status === 404;
  return reply.code(isMissing ? 404 : 502).send(isMissing ? "nobody" : "try again");
});

process.once("SIGTERM", () => app.close());
await app.listen({ port: Number(PORT) });
