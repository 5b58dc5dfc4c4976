/** The first message that a run fails with, of the hundred seeds from one on; "none" where none fails. */
export async function firstAlarm(run: (seed: number) => Promise<unknown>, from: number): Promise<string> {
  for (let seed = from; seed < from + 100; seed++) {
    try {
      await run(seed);
    } catch (error) {
      return (error as Error).message;
    }
  }
  return "none";
}
