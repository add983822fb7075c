/** Leaves a trace of when it was imported. */
Object.assign(globalThis, {
  preloaded: [...(Reflect.get(globalThis, "preloaded") ?? []), "second"],
});
