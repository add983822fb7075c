/** A duration as a person reads it. Three significant figures, never an exponent; knows no time zone and no locale. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "unknown";
  const sign = ms < 0 ? "-" : "";
  const size = Math.abs(ms);
  if (size < 999.5) return `${sign}${figures(size)} ms`;
  if (size < 59_950) return `${sign}${figures(size / 1000)} s`;
  const seconds = Math.round(size / 1000);
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${sign}${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

function figures(value: number): string {
  if (value === 0) return "0";
  const decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3;
  return String(Number(value.toFixed(decimals)));
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
