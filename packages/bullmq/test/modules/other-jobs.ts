/** What a worker has that lacks the other tasks. */

export function elsewhere(): string {
  return "elsewhere";
}
