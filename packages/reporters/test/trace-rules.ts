/** What the Trace Event Format asks for and no viewer reports: they drop or bend what breaks it. */
export interface TraceEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly name: string;
  readonly cat?: string;
  readonly id?: number;
  readonly id2?: { readonly local: string };
  readonly bp?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

export function traceFaults(events: readonly TraceEvent[]): string[] {
  const faults: string[] = [];
  const tracks = new Map<number, TraceEvent[]>();
  for (const event of events) {
    const { ph, ts, dur, name, tid } = event;
    if (!Number.isInteger(ts) || ts < 0) faults.push(`${name}: ts ${ts}`);
    if (ph !== "X") continue;
    if (dur === undefined || !Number.isInteger(dur) || dur < 1) faults.push(`${name}: dur ${dur}`);
    const track = tracks.get(tid);
    if (track === undefined) tracks.set(tid, [event]);
    else track.push(event);
  }
  for (const track of tracks.values()) faults.push(...nestingFaults(track));
  faults.push(...arrowFaults(events, tracks), ...asyncFaults(events));
  return faults;
}

function end({ ts, dur = 0 }: TraceEvent): number {
  return ts + dur;
}

function nestingFaults(track: readonly TraceEvent[]): string[] {
  const faults: string[] = [];
  const open: TraceEvent[] = [];
  for (const slice of track.toSorted((a, b) => a.ts - b.ts || end(b) - end(a))) {
    while (open.length > 0 && end(open.at(-1) as TraceEvent) <= slice.ts) open.pop();
    const parent = open.at(-1);
    if (parent !== undefined && end(slice) > end(parent))
      faults.push(`${slice.name} overlaps ${parent.name}`);
    open.push(slice);
  }
  return faults;
}

function arrowFaults(
  events: readonly TraceEvent[],
  tracks: ReadonlyMap<number, readonly TraceEvent[]>,
): string[] {
  const faults: string[] = [];
  const starts = new Map<number, TraceEvent>();
  for (const event of events) {
    if (event.ph !== "s" && event.ph !== "f") continue;
    if (!Number.isInteger(event.id)) faults.push(`arrow id ${event.id}`);
    const inside = sliceAt(tracks.get(event.tid) ?? [], event.ts);
    if (!inside) faults.push(`arrow ${event.id} ${event.ph} binds to no slice`);
    if (event.ph === "s") {
      if (starts.has(event.id ?? -1)) faults.push(`arrow ${event.id} starts twice`);
      starts.set(event.id ?? -1, event);
    } else {
      const start = starts.get(event.id ?? -1);
      if (event.bp !== "e") faults.push(`arrow ${event.id} without bp`);
      if (start === undefined) faults.push(`arrow ${event.id} never started`);
      else if (start.ts > event.ts) faults.push(`arrow ${event.id} runs backwards`);
      starts.delete(event.id ?? -1);
    }
  }
  for (const id of starts.keys()) faults.push(`arrow ${id} never ends`);
  return faults;
}

const sorted = new WeakMap<object, TraceEvent[]>();

function sliceAt(track: readonly TraceEvent[], ts: number): boolean {
  let slices = sorted.get(track);
  if (slices === undefined) {
    slices = track.toSorted((a, b) => a.ts - b.ts);
    sorted.set(track, slices);
  }
  let low = 0;
  let high = slices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slices[middle] as TraceEvent).ts <= ts) low = middle + 1;
    else high = middle;
  }
  return slices
    .slice(Math.max(0, low - 20), low)
    .some((slice) => slice.ts <= ts && ts < end(slice));
}

function asyncFaults(events: readonly TraceEvent[]): string[] {
  const open = new Map<string, number>();
  const faults: string[] = [];
  for (const { ph, cat, name, id2, ts } of events) {
    if (ph !== "b" && ph !== "e") continue;
    const key = `${cat} ${id2?.local} ${name}`;
    if (!/^0x[0-9a-f]+$/.test(id2?.local ?? "")) faults.push(`${name}: id2 ${id2?.local}`);
    if (ph === "b") {
      if (open.has(key)) faults.push(`${key} begins twice`);
      open.set(key, ts);
    } else if (!open.has(key) || (open.get(key) as number) > ts) faults.push(`${key} ends first`);
    else open.delete(key);
  }
  return [...faults, ...Array.from(open.keys(), (key) => `${key} never ends`)];
}
