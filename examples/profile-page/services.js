/**
 * Stands in for the three services of the page: `node services.js`, on port 3001. For Ada (7) the first answer is lost, for
 * Grace (8) one service is broken and one never answers, of 9 nobody ever answers who it is. It says what it is asked, and
 * when nobody waits for an answer any more.
 */
import { once } from "node:events";
import { createServer } from "node:http";

/** @type {Readonly<Record<string, unknown>>} */
const ANSWERS = {
  "/user/7": { name: "Ada" },
  "/user/8": { name: "Grace" },
  "/orders/7": ["tea", "gold"],
  "/recommendations/7": ["music"],
};
const LATE = ["/recommendations/8", "/user/9"];
const lost = new Set(["/user/7"]);

const server = createServer(({ url = "" }, response) => {
  console.log(`${url} is asked`);
  if (LATE.includes(url)) {
    response.on("close", () => console.log(`${url} is not waited for any more`));
  } else if (lost.delete(url)) {
    response.destroy();
  } else if (url.startsWith("/user/") && !(url in ANSWERS)) {
    response.writeHead(404).end();
  } else {
    response.statusCode = url in ANSWERS ? 200 : 503;
    response.end(JSON.stringify(ANSWERS[url] ?? null));
  }
});
server.listen(Number(process.env.PORT ?? 3001), "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
console.log(`services: http://127.0.0.1:${port}`);
