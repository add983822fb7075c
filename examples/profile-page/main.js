/**
 * A page of three sources. The reader waits for 300 ms at most: the user must be there, and may be asked for twice until
 * then; orders and recommendations have something to show in their place. The page says what it had to do without.
 *
 *     node main.js
 */
import { flow, param, task } from "@astrum/core";

/** @type {import("@astrum/core").Param<string>} */
const userId = param("userId");

const user = task(
  "user",
  { userId },
  async ({ userId }, { attempt }) => {
    if (attempt === 1) throw new Error("connection reset");
    return { name: userId === "7" ? "Ada" : "Grace" };
  },
  { retry: { attempts: 3, backoff: "exponential", baseMs: 20 }, deadlineMs: 200 },
);

const orders = task(
  "orders",
  { userId },
  async ({ userId }) => {
    if (userId === "8") throw new Error("orders: 503");
    return ["tea", "gold"];
  },
  { fallback: () => /** @type {string[]} */ ([]) },
);

/** What was shown last, as a cache would have it. */
const popular = async () => ["books"];

const recommendations = task(
  "recommendations",
  { user },
  async ({ user }, { signal }) => {
    // A slow service, which hears when nobody waits for it any more.
    if (user.name === "Grace") {
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    }
    return [`more for ${user.name}`];
  },
  { timeoutMs: 50, fallback: popular },
);

const page = task("page", { user, orders, recommendations }, (parts) => parts);
const profile = flow("profile", { page });

for (const id of ["7", "8"]) {
  const done = await profile.run({ params: { userId: id }, timeoutMs: 300, graceMs: 0 });
  const { user, orders, recommendations } = done.unwrap().page;
  console.log(`${user.name}: ${orders.length} orders; ${recommendations}`);
  for (const { task, error } of done.failures) console.log(`  without ${task}: ${error}`);
}
