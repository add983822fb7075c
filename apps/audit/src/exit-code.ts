/** What the exit code of the program says. */
export const exit = { passed: 0, failed: 1, incomplete: 2, usage: 64, interrupted: 130 } as const;
