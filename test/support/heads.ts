/** Models whose losses have heads, and the same with one of them alone: learners of both must find the same gradient. */
import fc from "fast-check";
import { cells } from "../../src/cells/index.js";
import { add, mul, scalar, square, sub, sum, type Tensor, tanh, tensor } from "../../src/index.js";
import {
  type Areas,
  type LossContext,
  type Model,
  type ModelParams,
  network,
  type RuleOptions,
  type rules,
  type Supervised,
  squaredError,
} from "../../src/learn/index.js";
import { arbitraryStack } from "../../src/testing/index.js";

export const heads = ["actor", "critic", "probe"] as const;
export type Head = (typeof heads)[number];

/** Which heads count in a step: a number for each, 1 or 0. */
export interface Sample extends Supervised {
  readonly counts: Readonly<Record<Head, number>>;
}

/** One reads the target, one a parameter of its own and the step before, one the lowest area and its parameters. */
export const losses: Readonly<Record<Head, (context: LossContext<Sample>) => Tensor>> = {
  actor: squaredError,
  critic({ now, before, params }) {
    const top = now.outputs.length - 1;
    const value = mul(now.outputs[top], params.readout.v);
    return mul(sum(square(before === null ? value : sub(value, before.outputs[top]))), 0.5);
  },
  probe({ now, params }) {
    const [name] = Object.keys(params.areas[0]).sort();
    return add(sum(tanh(now.outputs[0])), mul(sum(square(params.areas[0][name])), 0.1));
  },
};

const modelOf = <L extends Tensor | Record<string, Tensor>>(
  areas: Areas,
  pure: boolean,
  loss: (context: LossContext<Sample>) => L,
): Model<Sample> => network<Sample>(areas, { pure, loss, readout: () => ({ v: tensor([0.7]) }) });

/** A loss with all heads. */
export const together = (areas: Areas, pure: boolean): Model<Sample> =>
  modelOf(areas, pure, (context) => ({
    // the order of names means nothing
    probe: losses.probe(context),
    actor: losses.actor(context),
    critic: losses.critic(context),
  }));

/** The loss of one head alone, times zero where it does not count. */
export const alone = (areas: Areas, pure: boolean, head: Head): Model<Sample> =>
  modelOf(areas, pure, (context) =>
    mul(losses[head](context), context.sample.counts[head] === 0 ? scalar(0) : scalar(1)),
  );

export type Ways = RuleOptions & { readonly window?: number; readonly order?: number };

/** Every rule, and settings that have learners or passes of their own. */
export const ways: readonly (readonly [keyof typeof rules, Ways])[] = [
  ...[1, 3, 8].flatMap((window) => [
    ["rfp", { window }] as const,
    ["rfp", { window, compile: false }] as const,
  ]),
  ["rfp", { credit: "local" }],
  ["rfp", { credit: "local", window: 3 }],
  ["rtrl", {}],
  ["snap", { order: 1 }],
  ["eprop", {}],
  ["rflo", {}],
  ["bptt", {}],
  ["bptt", { compile: true }],
  ["tbptt", { window: 3 }],
  ["tbptt", { window: 3, compile: false }],
  ["uoro", { seed: 5 }],
  ["kfRtrl", { seed: 5 }],
  ["fptt", {}],
];

/** A stack, a sequence, and which heads count in each of its steps. */
export interface HeadsCase {
  readonly areas: Areas;
  readonly params: ModelParams;
  readonly samples: readonly Sample[];
}

/** Parameters with what `critic` reads. */
export const withReadout = ({ areas }: ModelParams): ModelParams => ({
  areas,
  readout: { v: tensor([0.7]) },
});

/** @param spatial whether convolutions are drawn too */
export const arbitraryHeads = (spatial: boolean): fc.Arbitrary<HeadsCase> =>
  fc
    .tuple(
      arbitraryStack({
        areas: [1, 2],
        units: [1, 3],
        steps: [3, 9],
        batch: [1, 2],
        kinds: Object.values(cells).filter(({ definition }) => spatial || !definition.spatial),
      }),
      fc.array(fc.tuple(...heads.map(() => fc.boolean())), { minLength: 9, maxLength: 9 }),
    )
    .map(([{ model, params, samples }, counts]) => ({
      areas: model.areas,
      params: withReadout(params),
      samples: samples.map((sample, t) => ({
        ...sample,
        counts: Object.fromEntries(heads.map((head, i) => [head, counts[t][i] ? 1 : 0])) as Sample["counts"],
      })),
    }));

/** The heads that count in a step, as `step` is told. */
export const countedIn = ({ counts }: Sample): string[] => heads.filter((head) => counts[head] === 1);
