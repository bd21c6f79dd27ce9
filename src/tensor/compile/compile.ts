import { ArgumentError } from "../../core/errors.js";
import { bytes, options as optionsOf } from "../../core/kinds.js";
import { requireFunction } from "../../core/require-function.js";
import { leavesOf } from "../../core/tree.js";
import { SavedPart } from "../saved/part.js";
import type { Saved } from "../saved/save.js";
import { isTensor } from "../tensor.js";
import { outlineOf } from "./outline.js";
import { Replayer } from "./replayer.js";

export interface CompileOptions {
  /** Bytes that the results of all ops of one call may go on taking; what takes more stays op by op. Default 1 GiB. */
  readonly limit?: number;
}

/** A function that is replayed. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): R;
  /**
   * Which layouts are replayed. Replays round otherwise than op by op on some backends, and the first calls are made op by op: with
   * this, the same function, compiled anew in another process, goes on to the same bits.
   * @throws ArgumentError where the function is found to compute otherwise
   */
  save(): Saved;
  /** Replays from the next call on what was replayed there. @throws CheckpointError for another tree */
  resume(tree: Saved): void;
}

/**
 * The same function, faster: the kernel calls of a call are recorded and replayed on fixed arrays, with what is constant,
 * repeated or unread left out. Arguments and results are trees of tensors; each layout of arguments (names and their order,
 * shapes, dtypes) has its recording. Tensors that the function captures are constants. Calling `compile` is your word, as in
 * JAX, that nothing else decides what it computes: **a variable of its own, a number of a closure or a random key is baked
 * in** at the first calls; make it an argument. An audit, a call op by op at least every 256 replays, finds out otherwise.
 * Where the function looks at numbers to decide what to do (positions of `gather` too), or a transformation outside of it follows an argument, a captured
 * tensor or a result, it runs op by op; so differentiate first: `compile(valueAndGrad(loss))`.
 * @throws ShapeError where an argument is no tree of tensors
 * @throws ArgumentError where a result is a promise, a Map or the like; where a call is found to compute otherwise than earlier ones
 * of its layout
 */
export function compile<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: CompileOptions,
): Compiled<A, R> {
  requireFunction("compile", f);
  const { limit = 2 ** 30 } = optionsOf("compile", options, { limit: bytes });
  const replayer = new Replayer<null, A, R>({
    eager: (_, args) => {
      const result = f(...args);
      outlineOf("result of compile", result, () => "");
      return result;
    },
    limit: () => limit,
    refuse: (_, args) => void leavesOf(args, isTensor, "compile"),
    changed: (since) =>
      new ArgumentError(
        `compile: expected a function that computes the same in all calls of one layout, got a change; results since call ${since} may be wrong, and later ones are made op by op`,
      ),
    halfway: () => new ArgumentError("compile: expected a function that changes nothing but its results"),
  });
  return Object.assign((...args: A) => replayer.call(null, args), {
    save(): Saved {
      replayer.settle(true);
      return replayer.save();
    },
    resume(tree: Saved): void {
      const saved = new SavedPart("compile", tree);
      // replayers without recordings are saved as null; this one never is
      saved.at("layouts");
      replayer.resume(saved);
    },
  });
}
