/**
 * Draws the picture of `docs/tracing.md`: `pnpm trace-picture`, after a build. Starts the program with `--otlp`, receives
 * its spans as a collector does, and draws what came over the wire: no viewer, only the spans, as a waterfall.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openReceiver, type Span } from "./otlp-receiver.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Of the items of a map, or of what else has one name below one parent, this many are drawn. */
const most = 4;
const [labels, bars, rowHeight, top] = [250, 760, 18, 34];

interface Row {
  readonly depth: number;
  /** Absent: a line that says how many are left out. */
  readonly span?: Span;
  readonly text: string;
}

function rowsBelow(parent: string, depth: number, spans: readonly Span[]): Row[] {
  const children = spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .sort((a, b) => Number(a.start - b.start) || (a.name < b.name ? -1 : 1));
  const drawn = new Map<string, number>();
  const rows: Row[] = [];
  for (const span of children) {
    const count = (drawn.get(span.name) ?? 0) + 1;
    drawn.set(span.name, count);
    if (count > most) continue;
    rows.push({ depth, span, text: span.name }, ...rowsBelow(span.spanId, depth + 1, spans));
    const all = children.filter(({ name }) => name === span.name).length;
    if (count === most && all > most) {
      rows.push({ depth, text: `… ${all - most} more ${span.name}` });
    }
  }
  return rows;
}

function picture(spans: readonly Span[]): string {
  const rows = rowsBelow("", 0, spans);
  const run = rows[0]?.span;
  if (run === undefined) throw new Error("No run arrived");
  const whole = Number(run.end - run.start);
  const x = (instant: bigint): number =>
    labels + (bars * Math.min(whole, Number(instant - run.start))) / whole;
  const places = new Map(rows.map(({ span }, place) => [span?.spanId, place]));
  const middle = (place: number): number => top + place * rowHeight + rowHeight / 2;
  const width = labels + bars + 80;
  const height = top + rows.length * rowHeight + 10;
  const parts = rows.flatMap(({ depth, span, text }, place) => {
    const y = middle(place);
    const label = `<text x="${8 + depth * 12}" y="${y + 4}"${span ? "" : ' fill="#777"'}>${escaped(text)}</text>`;
    if (span === undefined) return [label];
    const [from, to] = [x(span.start), x(span.end)];
    const kind = span.status === 2 ? "error" : (span.name.split(" ")[0] ?? "");
    const bar = `<rect class="${kind}" x="${from.toFixed(1)}" y="${y - 6}" width="${Math.max(1.5, to - from).toFixed(1)}" height="12" rx="2"/>`;
    const ms = (Number(span.end - span.start) / 1e6).toFixed(1);
    const duration = `<text class="ms" x="${(to + 4).toFixed(1)}" y="${y + 4}">${ms} ms</text>`;
    const links = span.links.flatMap((link) => {
      const other = places.get(link);
      const source = other === undefined ? undefined : rows[other]?.span;
      if (other === undefined || source === undefined) return [];
      return `<path d="M${x(source.end).toFixed(1)} ${middle(other)} V${y} H${from.toFixed(1)}"/>`;
    });
    return [...links, label, bar, duration];
  });
  const total = `${spans.length} spans of one trace, ${(whole / 1e6).toFixed(0)} ms; lines are links`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<title>A run of the audit as a trace</title>
<style>.run{fill:#57606a}.task{fill:#2f6fb7}.attempt{fill:#8db9e8}.error{fill:#c93c37}.ms{fill:#555;font-size:10px}path{fill:none;stroke:#b08800;stroke-width:.7;opacity:.6}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="8" y="20" font-weight="600">${total}</text>
${parts.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

const out = mkdtempSync(join(tmpdir(), "astrum-audit-picture-"));
const receiver = await openReceiver();
try {
  const args = [
    "--out",
    out,
    "--otlp",
    receiver.url,
    "--chaos",
    "0.2",
    "--seed",
    "9",
    "--workers",
    "1",
  ];
  const program = [here("../dist/main.js"), ...args, here("./fixtures/known")];
  await once(spawn(process.execPath, program, { stdio: "ignore" }), "close");
  writeFileSync(here("../../../docs/images/audit-trace.svg"), picture(receiver.spans));
} finally {
  receiver.close();
  rmSync(out, { recursive: true, force: true });
}
