import { DefinitionError, PlanError } from "../src/index.ts";

/** The messages of a refusal, which is always one of the two errors that list everything. */
export async function refusal(attempt: () => unknown): Promise<string[]> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof DefinitionError || error instanceof PlanError) {
      return error.issues.map(({ message }) => message);
    }
    throw error;
  }
  throw new Error("It was accepted");
}
