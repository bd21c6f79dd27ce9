import { ArgumentError } from "../../core/errors.js";
import { number, options as optionsOf } from "../../core/kinds.js";
import { requireFunction } from "../../core/require-function.js";
import { fillTree, leavesOf } from "../../core/tree.js";
import { denseOf } from "../read.js";
import { isTensor, type Tensor } from "../tensor.js";
import { isRecording } from "./program.js";
import { Replayer } from "./replayer.js";

export interface CompileOptions {
  /** Bytes that the results of all ops of one call may go on taking; what takes more stays op by op. Default 1 GiB. */
  readonly limit?: number;
}

/** Arrays of so many bytes are pointed at, smaller ones copied. */
const largeArray = 2 ** 16;

/**
 * The same function, faster: the kernel calls of a call are recorded and replayed on fixed arrays, with what is constant,
 * repeated or unread left out. Arguments and results are trees of tensors; each layout of arguments has its recording. The
 * function must do the same for the same shapes: no variables of its own, no random numbers but from keys that stay. Where it
 * looks at numbers to decide what to do, or is itself being differentiated, it runs op by op; so differentiate first:
 * `compile(valueAndGrad(loss))`.
 * @throws ArgumentError where a call is found to compute otherwise than earlier ones of its layout
 */
export function compile<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: CompileOptions,
): (...args: A) => R {
  requireFunction("compile", f);
  const { limit = 2 ** 30 } = optionsOf("compile", options, { limit: number });
  let given: readonly unknown[] = [];
  /** For each tensor among the arguments: whether it is large. */
  let places: readonly boolean[] = [];
  const replayer = new Replayer<readonly Tensor[], Readonly<Record<string, readonly Tensor[]>>, R>({
    eager: (large, named) => {
      const [next, small] = [large.values(), Object.values(named)[0].values()];
      const tensors = places.map((isLarge) => (isLarge ? next : small).next().value);
      return f(...(fillTree(given, isTensor, tensors) as A));
    },
    limit: () => limit,
    changed: (calls) =>
      new ArgumentError(
        `compile: expected a function that computes the same in all calls of one layout, got a change within the last ${calls} calls`,
      ),
    halfway: () => new ArgumentError("compile: expected a function that changes nothing but its results"),
  });
  return (...args) => {
    const leaves = leavesOf<Tensor>(args, isTensor, "compile");
    // an outer function that is being recorded or differentiated sees ops, not replays
    if (isRecording() || leaves.some(({ value }) => value.value.kind !== "dense")) return f(...args);
    const [large, small]: [Tensor[], Tensor[]] = [[], []];
    const buffers = new Set<ArrayBufferLike>();
    given = args;
    places = leaves.map(({ value }) => {
      const { buffer, byteLength } = denseOf(value).data;
      // what shares an array with another might not do so in the next call
      const isLarge = byteLength >= largeArray && !buffers.has(buffer);
      buffers.add(buffer);
      (isLarge ? large : small).push(value);
      return isLarge;
    });
    // where the tensors stand is part of the layout
    const where = leaves.map(({ path }, i) => `${path}${places[i] ? "!" : ""}`).join();
    return replayer.call(large, { [where]: small });
  };
}
