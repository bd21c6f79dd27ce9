/// <reference lib="esnext.disposable" preserve="true" />
import { callSite } from "../../core/call-site.js";
import { isFloat } from "../../core/dtype.js";
import { NumericalError } from "../../core/errors.js";
import { flag, type Known, options as optionsOf } from "../../core/kinds.js";
import { formatShape } from "../../core/shape.js";
import { entries } from "../read.js";
import type { Reading } from "../reading.js";
import type { Tensor } from "../tensor.js";
import { type DerivativePart, type Watcher, watch } from "./watch.js";

export interface NansOptions {
  /** Stop at infinities as well; default false: they are values here, such as the derivative of sqrt at 0. */
  readonly infinities?: boolean;
}

/** Ends the checking when called, or when a `using` block that holds it is left. */
export interface NansCheck extends Disposable {
  (): void;
}

const known: Known<NansOptions> = { infinities: flag };

/** Watchers in force, the latest last. */
const stack: Watcher[] = [];

/**
 * Stops at the first NaN: from now on, or while `f` runs (until it settles, where it gives a promise). The first op
 * whose output holds a NaN though no input did throws; a derivative counts as one op, in whichever reading.
 * Results do not change; while nothing checks, it costs nothing.
 * @throws NumericalError which names the op, its inputs' shapes, the reading, and the line that called it
 */
export function nans<R>(f: () => R, options?: NansOptions): R;
export function nans(options?: NansOptions): NansCheck;
export function nans<R>(f?: (() => R) | NansOptions, options?: NansOptions): R | NansCheck {
  if (typeof f !== "function") return start(f);
  const off = start(options);
  let pending = false;
  try {
    const result = f();
    if (result instanceof Promise) {
      pending = true;
      return result.finally(off) as R;
    }
    return result;
  } finally {
    if (!pending) off();
  }
}

function start(options: NansOptions | undefined): NansCheck {
  const { infinities = false } = optionsOf("debug.nans", options, known);
  const watcher = new NansWatcher(infinities);
  stack.push(watcher);
  watch.by = watcher;
  const off = (): void => {
    const at = stack.indexOf(watcher);
    if (at >= 0) stack.splice(at, 1);
    watch.by = stack.at(-1) ?? null;
  };
  // engines before the explicit resource management proposal have no such symbol
  const dispose: typeof Symbol.dispose | undefined = Symbol.dispose;
  return (dispose ? Object.assign(off, { [dispose]: off }) : off) as NansCheck;
}

/** A kind of number that no op should make out of others. */
interface Kind {
  readonly name: string;
  readonly is: (x: number) => boolean;
  /** Inputs that excuse it. */
  readonly excuse: (x: number) => boolean;
}

const nan: Kind = { name: "NaN", is: Number.isNaN, excuse: Number.isNaN };
const infinity: Kind = {
  name: "infinity",
  is: (x) => Math.abs(x) === Number.POSITIVE_INFINITY,
  excuse: (x) => !Number.isFinite(x),
};

class NansWatcher implements Watcher {
  private readonly kinds: readonly Kind[];
  /** Parts of derivatives that are being computed, one inside the other. */
  private depth = 0;

  constructor(infinities: boolean) {
    this.kinds = infinities ? [nan, infinity] : [nan];
  }

  applied(op: string, inputs: readonly Tensor[], output: Tensor): void {
    if (this.depth === 0) this.check({ reading: "", op, inputs, given: inputs, called: null }, [output]);
  }

  derived<T>(part: DerivativePart, compute: () => T, tensors: (result: T) => readonly Tensor[]): T {
    this.depth += 1;
    let result: T;
    try {
      result = compute();
    } finally {
      this.depth -= 1;
    }
    if (this.depth === 0) this.check(part, tensors(result));
    return result;
  }

  private check(part: DerivativePart, outputs: readonly Tensor[]): void {
    for (const kind of this.kinds) {
      for (const output of outputs) {
        const found = find(output, kind.is);
        if (found === null || part.given.some((t) => find(t, kind.excuse) !== null)) continue;
        throw errorOf(kind, part, found);
      }
    }
  }
}

interface Found {
  readonly index: readonly number[];
  /** The readings that were going on above the value, outermost first. */
  readonly above: readonly string[];
}

/** The first entry that is such, in the value or in a tangent that travels with it. */
function find(t: Tensor, is: (x: number) => boolean): Found | null {
  const { value } = t;
  if (value.kind === "abstract" || !isFloat(t.dtype)) return null;
  if (value.kind === "followed") {
    const inside = find(value.primal, is);
    if (inside) return inside;
    const reading = value.reading as Reading;
    for (const carried of reading.carried?.(value.note) ?? []) {
      const found = find(carried, is);
      if (found) return { ...found, above: [reading.name, ...found.above] };
    }
    return null;
  }
  const values = entries(t);
  for (let i = 0; i < values.length; i++) if (is(values[i])) return { index: unravel(i, t.shape), above: [] };
  return null;
}

function unravel(flat: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length);
  for (let i = shape.length - 1; i >= 0; i--) {
    index[i] = flat % shape[i];
    flat = Math.floor(flat / shape[i]);
  }
  return index;
}

function errorOf(kind: Kind, part: DerivativePart, { index, above }: Found): NumericalError {
  const called = part.called ?? callSite();
  const reading = [...above.map((name) => `${name} of its`), part.reading].filter(Boolean).join(" ");
  const inputs = part.inputs.map((t) => `${t.dtype} ${formatShape(t.shape)}`);
  const what = `no ${kind.name}${reading === "" ? "" : ` in its ${reading}`} from ${inputs.join(" and ")} without one`;
  return new NumericalError(
    `${part.op}: expected ${what}, got one at ${formatShape(index)}${called ? `; called at ${called}` : ""}`,
    { op: part.op, reading: reading || "value", inputs, index, called },
  );
}
