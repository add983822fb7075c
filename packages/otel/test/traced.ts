/** A trace as a test reads it: spans by name, the tree as indented text. Checks nothing itself. */
import { onTestFinished } from "vitest";
import { openReceiver, type Received, type ReceiverOptions } from "./receiver.ts";
import { type SdkOptions, sdk } from "./sdk.ts";

export interface Traced {
  /** What a collector has received by now, after a flush. */
  spans(): Promise<readonly Received[]>;
  readonly provider: ReturnType<typeof sdk.startTracing>["provider"];
  readonly requests: Awaited<ReturnType<typeof openReceiver>>["requests"];
  readonly url: string;
}

/** An SDK that exports to a receiver, for as long as the test lasts. */
export async function traced(
  options: Omit<SdkOptions, "url"> & ReceiverOptions = {},
): Promise<Traced> {
  const { refuse, slow, ...rest } = options;
  const receiver = await openReceiver({ refuse, slow });
  const tracing = sdk.startTracing({ ...rest, url: receiver.url });
  onTestFinished(async () => {
    await tracing.stop();
    await receiver.close();
  });
  return {
    provider: tracing.provider,
    requests: receiver.requests,
    url: receiver.url,
    async spans() {
      await tracing.flush();
      return receiver.spans;
    },
  };
}

export function named(spans: readonly Received[], name: string): Received {
  const found = spans.filter((span) => span.name === name);
  if (found.length !== 1) {
    throw new RangeError(
      `There are ${found.length} spans "${name}" among: ${spans.map((span) => span.name).join(", ")}`,
    );
  }
  return found[0] as Received;
}

/** The tree, children by name, because a run and an SDK do not tell the time by one clock; with what a reader looks for. */
export function tree(spans: readonly Received[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const lines: string[] = [];
  const draw = (parent: (span: Received) => boolean, depth: number): void => {
    const place = ({ name, attributes }: Received): string =>
      [name, attributes["astrum.task.key"], attributes["astrum.attempt.number"]].join("\n");
    const children = spans.filter(parent).sort((a, b) => (place(a) < place(b) ? -1 : 1));
    for (const span of children) {
      lines.push(`${"  ".repeat(depth)}${described(span, names)}`);
      draw(({ parentSpanId }) => parentSpanId === span.spanId, depth + 1);
    }
  };
  draw(({ parentSpanId }) => !ids.has(parentSpanId), 0);
  return lines.join("\n");
}

function described(
  { name, status, attributes, events, links }: Received,
  names: ReadonlyMap<string, string>,
): string {
  const parts = [name];
  const number = attributes["astrum.attempt.number"];
  if (number !== undefined) parts.push(`#${number}`);
  const key = attributes["astrum.task.key"];
  if (key !== undefined) parts.push(`(${key})`);
  if (status.code !== 0) parts.push(`ERROR ${attributes["error.type"]}: ${status.message}`);
  for (const event of events) parts.push(`!${event.name}`);
  for (const link of links) {
    const critical = link.attributes["astrum.link.critical"] === true;
    parts.push(`${critical ? "<=" : "<-"} ${names.get(link.spanId) ?? "elsewhere"}`);
  }
  return parts.join(" ");
}
