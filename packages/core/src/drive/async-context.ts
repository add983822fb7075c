/**
 * The async context of the caller of `run()`: every task runs in it, never in that of the task that happened to finish
 * last, nor in that of whoever cancelled something. The only file that knows of a runtime: it finds Node's
 * `async_hooks` (Deno and Bun have it too) without importing it, and does nothing where there is none.
 */

/** The part of `node:async_hooks` that is used. */
interface Hooks {
  readonly AsyncLocalStorage: new () => {
    run<R>(store: object, call: () => R): R;
    disable(): void;
  };
  readonly AsyncResource: new (name: string) => { runInAsyncScope<R>(call: () => R): R };
  readonly executionAsyncResource?: () => object;
}
type Inside = <A extends unknown[], R>(call: (...args: A) => R, ...args: A) => R;

export interface AsyncContext {
  /** Calls a function in the captured context. */
  readonly run: Inside;
  /** Whether anything in this process stores something in contexts. Where nothing does, a task need not be called through `run`: that costs 0.1 µs. */
  readonly present: boolean;
}

const direct: AsyncContext = { run: (call, ...args) => call(...args), present: false };

let hooks: Hooks | undefined | null = null;
/** What a store's key is called on the async resource, in runtimes that keep stores there. */
let storeKey: string | undefined;

/** Captures the context of this call. */
export function captureContext(): AsyncContext {
  if (hooks === null) {
    hooks = find();
    storeKey = hooks && probe(hooks);
  }
  if (hooks === undefined) return direct;
  const { AsyncResource } = hooks;
  const resource = new AsyncResource("AstrumRun");
  if (storeKey === undefined) {
    return { run: (call, ...args) => resource.runInAsyncScope(() => call(...args)), present: true };
  }
  // `enterWith` writes to the current resource: each call gets one of its own, a copy of the caller's.
  const copy = (): InstanceType<typeof AsyncResource> => new AsyncResource("AstrumCall");
  return {
    run: (call, ...args) => resource.runInAsyncScope(copy).runInAsyncScope(() => call(...args)),
    // Where stores exist, even empty ones, a task might enter one.
    present: hasStores(hooks),
  };
}

function find(): Hooks | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } };
  return process?.getBuiltinModule?.("node:async_hooks") as Hooks | undefined;
}

/**
 * Runtimes keep stores either on the current async resource, where their presence shows, or out of sight. The probe
 * tells which: it stores something and looks for it. It leaves nothing behind, or every later run would find it there.
 */
function probe(found: Hooks): string | undefined {
  const storage = new found.AsyncLocalStorage();
  const mark = {};
  const key = storage.run(mark, () => {
    const resource = resourceOf(found);
    return Object.getOwnPropertySymbols(resource).find((symbol) => resource[symbol] === mark);
  });
  storage.disable();
  if (key === undefined) return undefined;
  delete resourceOf(found)[key];
  return key.description;
}

function resourceOf(found: Hooks): Record<symbol, unknown> {
  return (found.executionAsyncResource?.() ?? {}) as Record<symbol, unknown>;
}

/** Whether anything is, or was, stored in the current context. */
function hasStores(found: Hooks): boolean {
  return Object.getOwnPropertySymbols(resourceOf(found)).some(
    ({ description }) => description === storeKey,
  );
}
