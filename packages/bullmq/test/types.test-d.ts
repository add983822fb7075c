/** What must compile and what must not. Checked by tsc. */
import { flow, map, task } from "@astrum/core";
import { expectTypeOf } from "vitest";
import { type Fleet, type RemoteContext, type RemoteRef, remote } from "../src/index.ts";

interface Scene {
  readonly id: string;
}
interface Jobs {
  render(scene: Scene, context: RemoteContext): Promise<{ readonly url: string }>;
  measure(scene: Scene): number;
  perItem(scene: Scene, index: number, context: Pick<RemoteContext, "signal">): string;
  ping(): "pong";
  anything(value: unknown): Promise<unknown>;
  counts(words: ReadonlySet<string>, since: Date, bytes: Uint8Array): Map<string, bigint>;
  returnsHandle(scene: Scene): Promise<{ readonly list: { close(): void }[] }>;
  returnsStream(scene: Scene): Map<string, Promise<Buffer>>;
  takesFunction(input: { readonly onDone: () => void }): number;
  takesShared(input: SharedArrayBuffer): number;
  readonly version: string;
}
declare const fleet: Fleet;
const jobs = remote<Jobs>();

expectTypeOf(jobs.render).toEqualTypeOf<
  RemoteRef<[Scene], { readonly url: string }, "with-context">
>();
expectTypeOf(jobs.perItem).toEqualTypeOf<RemoteRef<[Scene, number], string, "with-context">>();
expectTypeOf(jobs.ping).toEqualTypeOf<RemoteRef<[], "pong", "plain">>();

const scene: Scene = { id: "1" };
expectTypeOf(fleet.task(jobs.render)(scene)).toEqualTypeOf<Promise<{ readonly url: string }>>();
expectTypeOf(fleet.task(jobs.anything)(5)).toEqualTypeOf<Promise<unknown>>();
fleet.task(jobs.render, { priority: -5 });

// @ts-expect-error: a scene is missing its id.
fleet.task(jobs.render)({});
// @ts-expect-error: there is no such export.
jobs.rotate;
// @ts-expect-error: that export is no function.
jobs.version;
// @ts-expect-error: an option is misspelt.
fleet.task(jobs.render, { prio: 1 });

// What the core can write down crosses.
expectTypeOf(fleet.task(jobs.counts)(new Set(["a"]), new Date(), new Uint8Array(1))).toEqualTypeOf<
  Promise<Map<string, bigint>>
>();

// What it cannot: the type says which, and why.
// @ts-expect-error
fleet.task(jobs.returnsHandle);
// @ts-expect-error
fleet.task(jobs.returnsStream);
// @ts-expect-error
fleet.task(jobs.takesFunction);
// @ts-expect-error
fleet.task(jobs.takesShared);
expectTypeOf(jobs.returnsHandle).toEqualTypeOf<{
  readonly cannotCross: "the result of this function";
  readonly because: "a function";
}>();

// `(inputs, context)` by task, `(item, index, context)` by map, one of one argument by both.
interface Tasks {
  still(inputs: { readonly scene: Scene }, context: RemoteContext): string;
  id(scene: Scene): string;
}
const tasks = remote<Tasks>();
const first = task("first", () => scene);
const scenes = task("scenes", () => [scene]);
const still = task("still", { scene: first }, fleet.task(tasks.still));
const frames = map("frames", scenes, fleet.task(jobs.perItem), { concurrency: 200, retry: 2 });
const ids = map("ids", scenes, fleet.task(tasks.id));
const ping = task("ping", fleet.task(jobs.ping));
const done = await flow("renders", { still, frames, ids, ping }).run();
expectTypeOf(done.unwrap()).toEqualTypeOf<{
  readonly still: string;
  readonly frames: string[];
  readonly ids: string[];
  readonly ping: "pong";
}>();

// @ts-expect-error: a map calls with the index before the context.
map("wrong-form", scenes, fleet.task(jobs.render));
// @ts-expect-error: the input is called `scene`.
task("wrong-name", { picture: first }, fleet.task(tasks.still));
const numbers = task("numbers", () => [1, 2]);
// @ts-expect-error: the items are numbers.
map("wrong-items", numbers, fleet.task(jobs.perItem));

fleet.runner({ tasks: { render: jobs.render, ping: jobs.ping } });
// @ts-expect-error: a scene is no reference.
fleet.runner({ tasks: { render: scene } });
