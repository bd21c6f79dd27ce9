/**
 * What `work` gives for 0 to n - 1, in their order, with at most so many at a time under way. After one has failed no other is
 * begun.
 */
export async function inParallel<T>(n: number, most: number, work: (i: number) => Promise<T>): Promise<T[]> {
  const out = new Array<T>(n);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < n) {
      const i = next++;
      try {
        out[i] = await work(i);
      } catch (error) {
        next = n;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, n) }, worker));
  return out;
}
