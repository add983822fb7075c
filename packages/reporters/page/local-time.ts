/** When the run began as the clock of the reader shows it, beside the one of the world. */
export function tellLocalTime(time: Element | null): void {
  const began = new Date(time?.getAttribute("datetime") ?? "");
  if (time === null || Number.isNaN(began.getTime()) || began.getTimezoneOffset() === 0) return;
  const two = (value: number): string => String(value).padStart(2, "0");
  const day =
    began.getDate() === began.getUTCDate()
      ? ""
      : `${began.getMonth() + 1}-${two(began.getDate())} `;
  time.append(` (${day}${two(began.getHours())}:${two(began.getMinutes())} here)`);
}
