/** What must compile and what must not. Checked by tsc. */
import { flow, map, task } from "@astrum/core";
import { expectTypeOf } from "vitest";
import {
  createWorkerPool,
  type WorkerContext,
  type WorkerModule,
  type WorkerRef,
  workerModule,
} from "../src/index.ts";

interface Photo {
  readonly pixels: Uint8Array;
  readonly width: number;
}
declare class Handle {
  close(): void;
}
interface Images {
  resize(photo: Photo, context: WorkerContext): Promise<Uint8Array>;
  measure(photo: Photo): number;
  perItem(photo: Photo, index: number, context: Pick<WorkerContext, "signal" | "progress">): string;
  ping(): "pong";
  optionalContext(photo: Photo, context?: WorkerContext): number;
  sum(...numbers: number[]): number;
  anything(value: unknown): Promise<unknown>;
  nested(photo: Photo): { readonly map: ReadonlyMap<string, readonly Date[]> };
  returnsFunction(photo: Photo): Promise<{ readonly list: { readonly onDone: () => void }[] }>;
  returnsHandle(photo: Photo): Handle;
  takesFunction(input: { readonly onDone: () => void }): number;
  takesSignal(signal: AbortSignal): number;
  readonly version: string;
}

const image = workerModule<Images>(new URL("file:///image.js"));
const pool = createWorkerPool();

// A reference has the arguments without the context, and what the function resolves to.
expectTypeOf(image.resize).toEqualTypeOf<WorkerRef<[Photo], Uint8Array, "with-context">>();
expectTypeOf(image.perItem).toEqualTypeOf<WorkerRef<[Photo, number], string, "with-context">>();
expectTypeOf(image.optionalContext).toEqualTypeOf<
  WorkerRef<[photo: Photo], number, "with-context">
>();
expectTypeOf(image.ping).toEqualTypeOf<WorkerRef<[], "pong", "plain">>();

const resize = pool.task(image.resize, { transfer: (photo) => [photo.pixels.buffer] });
const photo: Photo = { pixels: new Uint8Array(), width: 1 };
expectTypeOf(resize(photo)).toEqualTypeOf<Promise<Uint8Array>>();
expectTypeOf(pool.task(image.sum)(1, 2, 3)).toEqualTypeOf<Promise<number>>();
expectTypeOf(pool.task(image.anything)(Symbol())).toEqualTypeOf<Promise<unknown>>();
expectTypeOf(pool.task(image.nested)).returns.resolves.toHaveProperty("map");

// A wrong or missing input does not compile, nor does a wrong transfer.
// @ts-expect-error
resize({ pixels: new Uint8Array() });
// @ts-expect-error
resize();
// @ts-expect-error
resize(photo, 5);
// @ts-expect-error
pool.task(image.resize, { transfer: (photo) => [photo.width] });
// @ts-expect-error
pool.task(image.resize, { timeout: 5 });

// Nor does an export that is missing, or is no function.
// @ts-expect-error
image.rotate;
// @ts-expect-error
image.version;

// Nor what cannot cross: the type says which, and why.
// @ts-expect-error
pool.task(image.returnsFunction);
// @ts-expect-error
pool.task(image.returnsHandle);
// @ts-expect-error
pool.task(image.takesFunction);
// @ts-expect-error
pool.task(image.takesSignal);
expectTypeOf(image.returnsFunction).toEqualTypeOf<{
  readonly cannotCross: "the result of this function";
  readonly because: "a function";
}>();

const flows = workerModule<typeof import("./modules/flows.ts")>(new URL("file:///flows.js"));
// @ts-expect-error
pool.task(flows.returnsFlow);

// In a graph, inputs and outputs stay typed.
const shot = task("shot", () => photo);
const thumb = task("thumb", { photo: shot }, ({ photo }, context) => resize(photo, context));
const nested = workerModule<{ resize(input: { readonly photo: Photo }): Uint8Array }>(
  new URL("file:///nested.js"),
);
const direct = task("direct", { photo: shot }, pool.task(nested.resize));
const ping = task("ping", pool.task(image.ping));
const labels = map(
  "labels",
  task("shots", () => [photo]),
  pool.task(image.perItem),
);
const done = await flow("photos", { thumb, direct, ping, labels }).run();
expectTypeOf(done.unwrap()).toEqualTypeOf<{
  readonly thumb: Uint8Array;
  readonly direct: Uint8Array;
  readonly ping: "pong";
  readonly labels: string[];
}>();

// `map` takes a function of the item alone. It calls with an index: to one of item and context, pass on what it takes.
const photos = task("photos", () => [photo]);
// @ts-expect-error
map("thumbs", photos, resize);
const sizes = map("sizes", photos, pool.task(image.measure));
expectTypeOf((await flow("sizes", { sizes }).run()).unwrap().sizes).toEqualTypeOf<number[]>();
// @ts-expect-error: the items are no photos.
map("wrong-sizes", [1, 2], pool.task(image.measure));
const thumbs = map("thumbs", photos, (photo, _index, context) => resize(photo, context));
expectTypeOf((await flow("thumbs", { thumbs }).run()).unwrap().thumbs).toEqualTypeOf<
  Uint8Array[]
>();

// @ts-expect-error: the input is called `photo`, not `picture`.
task("wrong-name", { picture: shot }, pool.task(nested.resize));
// @ts-expect-error: a number is no photo.
task("wrong-type", { photo: task("n", () => 5) }, pool.task(nested.resize));
const numbers = task("numbers", () => [1, 2]);
// @ts-expect-error: the items are numbers.
map("wrong-items", numbers, pool.task(image.perItem));

// A runner takes a module, or references by name.
pool.runner({ tasks: image });
pool.runner({ tasks: { "image:resize": image.resize, ping: image.ping } });
// @ts-expect-error
pool.runner({ tasks: { resize: photo } });

// A module's type may be that of a real module.
expectTypeOf<WorkerModule<typeof import("./modules/typed.ts")>["area"]>().toExtend<
  WorkerRef<[{ readonly width: number; readonly height: number }], number>
>();
