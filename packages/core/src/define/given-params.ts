/**
 * Parameters of a flow that are given before it runs: whatever stands in their place becomes an input of the tasks that
 * read them. Knows no run.
 */
import type { Issues } from "../ground/check.ts";
import { type Definition, needs, type Parameter, prepares, type Slot } from "./definition.ts";
import type { Graph } from "./graph.ts";
import { unknownNames } from "./unknown-name.ts";

/** By the name of a parameter: what stands in its place, but for where it goes. */
export type GivenSlots = ReadonlyMap<string, Omit<Slot, "to">>;

/** A definition whose slots read what is given; itself when it reads no such parameter. */
export function withGiven(definition: Definition, given: GivenSlots): Definition {
  if (!definition.slots.some(({ param }) => param !== undefined && given.has(param.name))) {
    return definition;
  }
  const slots = definition.slots.map((slot) => filled(slot, given));
  const { name, kind, call, run, options, role, steps, takesInputs = false } = definition;
  const filledIn = { name, kind, slots, call, run, options, role, steps, takesInputs };
  return {
    ...filledIn,
    prepares: prepares(kind, slots, options) || steps !== undefined,
    needs: needs(slots, options),
  };
}

/** The schema of a parameter checks whatever stands in its place. */
export function filled(slot: Slot, given: GivenSlots): Slot {
  const { to, param } = slot;
  const instead = param && given.get(param.name);
  if (instead === undefined) return slot;
  const schema = param?.schema ?? instead.schema;
  return schema === undefined ? { ...instead, to } : { ...instead, to, schema };
}

/** The parameters that the tasks of a graph read, by name. */
export function paramsOf(definitions: readonly Definition[]): Map<string, Parameter> {
  const params = new Map<string, Parameter>();
  for (const { slots } of definitions) {
    for (const { param } of slots) if (param !== undefined) params.set(param.name, param);
  }
  return params;
}

/** Names what is given and no task of the graph reads. */
export function checkGiven(
  issues: Issues,
  { definitions, name: flow }: Graph,
  names: Iterable<string>,
  path: readonly string[],
): void {
  unknownNames(
    issues,
    names,
    paramsOf(definitions),
    "unknown-parameter",
    (name) => `No task of flow "${flow}" takes the parameter "${name}"`,
    path,
  );
}

/** The same graph with these parameters given as constants: its edges are what they were. */
export function givenAsConstants(graph: Graph, values: ReadonlyMap<string, unknown>): Graph {
  const given: GivenSlots = new Map(
    Array.from(values, ([name, constant]) => [name, { kind: "constant", constant }]),
  );
  const definitions = graph.definitions.map((definition) => withGiven(definition, given));
  return { ...graph, definitions, needing: definitions.filter((one) => one.needs) };
}
