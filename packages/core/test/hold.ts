/** Says which promise was broken, and where. */
export function hold(promise: string, kept: boolean, ...where: unknown[]): void {
  if (!kept) throw new Error(`${promise}: ${JSON.stringify(where)}`);
}
