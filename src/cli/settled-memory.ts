/** Collections in a row that must find nothing more, and milliseconds that each is given. */
const [quiet, pause] = [6, 20];

/** Memory once collections find nothing more: arrays are freed on threads of their own, after what collects them. */
export function settledMemory(collect: () => void): NodeJS.MemoryUsage {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  let [least, same] = [Number.POSITIVE_INFINITY, 0];
  while (same < quiet) {
    collect();
    Atomics.wait(wait, 0, 0, pause);
    const { arrayBuffers } = process.memoryUsage();
    same = arrayBuffers < least ? 0 : same + 1;
    least = Math.min(least, arrayBuffers);
  }
  return process.memoryUsage();
}
