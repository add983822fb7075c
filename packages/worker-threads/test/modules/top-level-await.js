export const ready = await new Promise((resolve) => setTimeout(resolve, 20, "ready"));
export function run() {
  return ready;
}
