/** Runs a step without the right to read everything: the superuser may, so then as a user who owns nothing. */
export async function unprivileged<T>(step: () => Promise<T>): Promise<T> {
  const { getuid, seteuid } = process;
  if (getuid?.() !== 0 || seteuid === undefined) return step();
  seteuid(65534);
  try {
    return await step();
  } finally {
    seteuid(0);
  }
}
