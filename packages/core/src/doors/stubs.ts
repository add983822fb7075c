/**
 * A graph with stand-ins for some of its tasks: for tests of what depends on them. Runs nothing.
 */
import { around } from "../define/around.ts";
import type { Definition } from "../define/definition.ts";
import { EdgeList, type Graph, graph, type Roles } from "../define/graph.ts";
import { type GraphPlan, plan } from "../define/plan.ts";
import { unknownNames } from "../define/unknown-name.ts";
import { Issues } from "../ground/check.ts";
import { PlanError } from "../ground/errors.ts";

/** The key under which `@astrum/core/testing` hands a flow what makes its plan: a flow itself knows no stand-ins. */
export const STUBS: unique symbol = Symbol("astrum.stubs");
export type Stubbing = (graph: Graph, targets: readonly string[] | undefined) => GraphPlan;

/** By task: its output, or a function in the place of its own. */
export type Stubs = Readonly<Record<string, unknown>>;

/** What is planned throws a `PlanError` that names each stand-in without a task. */
export function stubbing(stubs: Stubs): Stubbing {
  return (whole, targets) => {
    const stood = stubbed(whole, stubs);
    return plan(stood, targets ?? askedFor(stood));
  };
}

function stubbed(whole: Graph, stubs: Stubs): Graph {
  const issues = new Issues();
  unknownNames(
    issues,
    Object.keys(stubs),
    whole.index,
    "unknown-task",
    (name) => `\`stubs\` names "${name}", which is no task of "${whole.name}"`,
    ["stubs"],
  );
  issues.throwAs(PlanError);
  const { start, end, kind } = whole.dependencies;
  const list = new EdgeList(whole.size, end.length);
  const definitions = whole.definitions.map((definition, task) => {
    const known = Object.hasOwn(stubs, definition.name);
    const stub = known ? stubs[definition.name] : undefined;
    if (known && typeof stub !== "function") {
      list.closeRow();
      return outputOf(definition, stub);
    }
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      list.add(end[edge] as number, kind[edge] as number);
    }
    list.closeRow();
    return known ? calling(definition, stub as Definition["run"]) : definition;
  });
  // A checked graph with fewer edges has nothing new to check.
  return graph(whole.name, definitions, list, without(whole, stubs), whole.roots, new Issues());
}

/** Of a task that has a stand-in nothing that is inside of it is run. */
function without({ tails, finallyTasks, subflows, definitions }: Graph, stubs: Stubs): Roles {
  const gone = subflows.filter(({ owner }) =>
    Object.hasOwn(stubs, (definitions[owner] as Definition).name),
  );
  if (gone.length === 0) return { tails, finallyTasks, subflows };
  const inside = new Uint8Array(definitions.length);
  for (const { first, owner } of gone) inside.fill(1, first, owner);
  const owners = new Set(gone.map(({ owner }) => owner));
  return {
    tails: new Set([...tails].filter((task) => inside[task] === 0)),
    finallyTasks,
    subflows: subflows.filter(({ owner }) => !owners.has(owner) && inside[owner] === 0),
  };
}

/** The names of all that the flow itself asks for. What is inside of its tasks comes with them. */
function askedFor(whole: Graph): string[] {
  const { definitions, roots = [], tails, finallyTasks } = whole;
  const innermost = around(whole);
  const own = [...tails].filter((tail) => innermost[tail] === -1);
  const tasks = new Set([...roots.map(({ task }) => task), ...own, ...finallyTasks]);
  return Array.from(tasks, (task) => (definitions[task] as Definition).name);
}

/** It takes nothing, and nothing is asked of it: the output stands for all that the task is. */
function outputOf(definition: Definition, output: unknown): Definition {
  return {
    name: definition.name,
    kind: "task",
    slots: [],
    call: "nothing",
    run: () => output,
    options: undefined,
    prepares: false,
    needs: false,
    standsFor: definition,
  };
}

/** Inputs and options stay, but for what is done with the value that the task's own function would have given. */
function calling(definition: Definition, run: Definition["run"]): Definition {
  const { name, kind, slots, call, prepares, needs, takesInputs = false } = definition;
  const options = definition.options && {
    ...definition.options,
    release: undefined,
    lost: undefined,
  };
  return {
    name,
    kind,
    slots,
    call,
    run,
    options,
    prepares,
    needs,
    takesInputs,
    standsFor: definition,
  };
}
