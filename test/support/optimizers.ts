/** The optimizers of `onward/nn`, found by what its functions give: a new one is tested without a list being edited. */
import { OnwardError } from "../../src/core/errors.js";
import type { Tensor } from "../../src/index.js";
import * as nn from "../../src/nn/index.js";

export type Params = Readonly<Record<string, Tensor>>;
export interface Updated {
  readonly params: Params;
  readonly state: object;
}

export interface AnyOptimizer {
  init(params: Params): object;
  update(gradient: Params, state: object, params: Params): Updated;
}

/** An optimizer by what all have in common. */
export type Make = (options: nn.RateOptions) => AnyOptimizer;

/** What a function gives, where that is an optimizer; `null` where it gives something else, or refuses what it is called with. */
function optimizerOf(f: unknown, ...args: readonly unknown[]): AnyOptimizer | null {
  if (typeof f !== "function") return null;
  try {
    const { init, update } = Object(f(...args));
    return typeof init === "function" && typeof update === "function" ? f(...args) : null;
  } catch (error) {
    if (error instanceof OnwardError) return null;
    throw error;
  }
}

const all = Object.entries<unknown>(nn);
const alone = all.filter(([, f]) => optimizerOf(f, { rate: 0.1 }));
/** Gradients of an update, where it takes several. */
export const every = 3;
const around = all.filter(([, f]) => optimizerOf(f, nn.sgd({ rate: 0.1 }), { every }));

/** Names of the functions that give optimizers. */
export const optimizerNames = [...alone, ...around].map(([name]) => name).sort();

/** Options of their own, which change what is kept or computed. */
const more: Readonly<Record<string, Make>> = {
  "sgd with momentum": (options) => nn.sgd({ ...options, momentum: 0.9 }),
  "sgd looking ahead": (options) => nn.sgd({ ...options, momentum: 0.9, nesterov: true }),
  "obgd with a trace": (options) => nn.obgd({ ...options, decay: 0.8 }),
  "obgd at its bound": (options) => nn.obgd({ ...options, kappa: 50 }),
};

const plain = [
  ...alone.map(([name, f]) => [name, f as Make] as const),
  ...Object.entries(more),
] as readonly (readonly [string, Make])[];

/** Every optimizer, alone and within each that takes another. */
export const optimizers: readonly (readonly [string, Make])[] = [
  ...plain,
  ...around.flatMap(([name, f]) =>
    plain.map(([inner, make]): readonly [string, Make] => [
      `${name} of ${inner}`,
      (options) => (f as (o: AnyOptimizer, options: object) => AnyOptimizer)(make(options), { every }),
    ]),
  ),
];
