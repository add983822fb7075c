/**
 * The average length of the words of a text: the graph in this process, its tasks on a fleet, or, without a store, here
 * as well. The result is the same.
 *
 *     node main.js                       # without workers
 *     npx astrum-worker ./jobs.js --queue words &   # as often as you like
 *     REDIS_URL=redis://127.0.0.1:6379 node main.js
 */
import { connectFleet, remote } from "@astrum/bullmq";
import { flow, map, param, task } from "@astrum/core";
import * as here from "./jobs.js";

/** @type {string | undefined} */
const url = process.env.REDIS_URL;
const fleet =
  url === undefined ? undefined : await connectFleet({ queue: "words", connection: { url } });

/** @type {import("@astrum/bullmq").RemoteModule<typeof here>} */
const there = remote();
const jobs =
  fleet === undefined
    ? here
    : {
        words: fleet.task(there.words),
        lengthOf: fleet.task(there.lengthOf),
        average: fleet.task(there.average),
      };

/** @type {import("@astrum/core").Param<string>} */
const text = param("text");
const words = task("words", { text }, jobs.words);
const lengths = map("lengths", words, jobs.lengthOf, { concurrency: 16, retry: 2 });
const average = task("average", { lengths }, jobs.average);

const report = await flow("words", { average }).run({
  params: [
    text.of("The same flow, on one machine or on many: only where an attempt runs is different."),
  ],
});
console.log(`average: ${report.unwrap().average.toFixed(3)}`);
await fleet?.close();
