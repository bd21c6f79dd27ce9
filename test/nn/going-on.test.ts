/** A compiled update that is stopped at any call, and compiled anew, goes on to the same bits. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  backendName,
  backendNames,
  CheckpointError,
  compile,
  load,
  mul,
  random,
  type Saved,
  save,
  type Tensor,
  useBackend,
} from "../../src/index.js";
import { accumulate, adam, clipByNorm } from "../../src/nn/index.js";

const chosen = backendName();
type Params = { readonly W: Tensor; readonly b: Tensor };
const drawn = (seed: number): Params => ({
  W: random.normal(random.key(seed), [8, 40]),
  b: random.normal(random.foldIn(random.key(seed), 1), [8], { dtype: "float32" }),
});

describe.each(["js", "native"])("a compiled update, on %s", (name) => {
  const isThere = backendNames().includes(name);
  describe.skipIf(!isThere)(isThere ? "run" : "(skipped: the addon is not built)", () => {
    beforeAll(() => useBackend(name));
    afterAll(() => useBackend(chosen));

    const { init, update } = accumulate(adam({ rate: 0.01 }), { every: 3 });
    type State = ReturnType<typeof init<Params>>;
    const made = () =>
      compile((gradient: Params, state: State, params: Params) =>
        update(clipByNorm(gradient, 2).gradient, state, params),
      );
    const run = (stops: (call: number) => boolean): string => {
      let step = made();
      let at: { params: Params; state: State } = { params: drawn(0), state: init(drawn(0)) };
      for (let call = 1; call <= 30; call++) {
        at = step(drawn(call), at.state, at.params);
        if (!stops(call)) continue;
        const kept = load(save({ at, step: step.save() } as unknown as Saved)) as unknown as {
          at: typeof at;
          step: Saved;
        };
        step = made();
        step.resume(kept.step);
        at = kept.at;
      }
      return Buffer.from(save(at as unknown as Saved)).toString("base64");
    };

    it("goes on to the same bits wherever it is stopped", () => {
      const whole = run(() => false);
      for (let stop = 1; stop < 30; stop++) expect(run((call) => call === stop)).toBe(whole);
      expect(run(() => true)).toBe(whole);
    });

    it("is compared with op by op before it is saved", () => {
      const own = { factor: 1 };
      const changing = compile((x: Tensor) => mul(x, own.factor));
      for (let call = 0; call < 40; call++) changing(drawn(call).W);
      own.factor = 2;
      changing(drawn(1).W);
      expect(() => changing.save()).toThrow(ArgumentError);
    });

    it("takes nothing but what one saved", () => {
      for (const tree of [null, {}, { calls: 1 }, [1]])
        expect(() => made().resume(tree as Saved)).toThrow(CheckpointError);
    });
  });
});
