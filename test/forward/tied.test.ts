import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Axis, plus } from "../../src/forward/factor.js";
import {
  broadcastTo,
  conv2d,
  einsum,
  gather,
  jacrev,
  matmul,
  permute,
  random,
  reshape,
  select,
  slice,
  type Tensor,
  type TiedJacobian,
  tensor,
  tiedJacobian,
} from "../../src/index.js";
import { compositions } from "../support/compositions.js";

const draw = (seed: number, shape: readonly number[]): Tensor => random.normal(random.key(seed), shape);

/** The tied Jacobian, checked against reverse mode. */
function jacobian(f: (x: Tensor) => Tensor, x: Tensor): TiedJacobian {
  const tied = tiedJacobian(f)(x) as TiedJacobian;
  const [a, b] = [tied.dense(), jacrev(f)(x)];
  expect(a.shape).toEqual(b.shape);
  const size = Math.max(1, ...b.toTypedArray().map(Math.abs));
  a.toTypedArray().forEach((v, i) => expect(Math.abs(v - b.toTypedArray()[i]) / size).toBeLessThan(1e-12));
  return tied;
}

const ties = (f: (x: Tensor) => Tensor, x: Tensor): readonly (number | null)[] => jacobian(f, x).ties;

// every rule is tried with sizes of one, where names must not be told apart by size
const sizes = [
  [3, 4],
  [1, 4],
  [3, 1],
  [1, 1],
] as const;

describe.each(sizes)("for a parameter of %i x %i", (n, m) => {
  const W = draw(1, [n, m]);
  const x = draw(2, [2, m]);
  const h = draw(3, [2, n]);
  const drive = (w: Tensor): Tensor => einsum("bm,nm->bn", x, w);

  it("the seed is tied along every axis", () => {
    const found = jacobian((w) => w, W);
    expect(found.ties).toEqual([0, 1]);
    expect(found.values.shape).toEqual([n, m]);
  });

  it("scaling touches the coefficient only", () => {
    expect(
      ties(
        (w) =>
          w
            .tanh()
            .mul(draw(4, [n, m]))
            .mul(draw(5, [n, 1])),
        W,
      ),
    ).toEqual([0, 1]);
  });

  it("a contraction over a tied axis keeps the other tie: the derivative of W x is x", () => {
    const found = jacobian(drive, W);
    expect(found.ties).toEqual([1, null]);
    expect(found.values.shape).toEqual([2, n, m]);
  });

  it("pointwise gates and sums of drives keep the tie", () => {
    expect(ties((w) => drive(w).sigmoid().mul(h).add(drive(w).tanh().mul(2)), W)).toEqual([1, null]);
  });

  it("a second contraction over the tied axis breaks it", () => {
    expect(ties((w) => matmul(drive(w), draw(6, [n, 3])), W)).toEqual([null, null]);
  });

  it("a contraction over an axis that is no source axis is summed in the coefficient", () => {
    // low rank: u = A (B x); A keeps its tie, B loses it
    const B = draw(7, [2, m]);
    expect(ties((a) => einsum("br,nr->bn", matmul(x, B.transpose()), a), draw(8, [n, 2]))).toEqual([1, null]);
    const low = (b: Tensor): Tensor =>
      matmul(matmul(matmul(x, b.transpose()), draw(9, [2, 3])), draw(10, [3, n]));
    expect(ties(low, B)).toEqual([null, null]);
  });

  it("permuting renames nothing", () => {
    expect(ties((w) => permute(w.tanh(), [1, 0]), W)).toEqual([1, 0]);
  });

  it("axes of size one come and go without a trace", () => {
    // among several axes of size one the first keeps the name
    expect(ties((w) => reshape(w, [n, 1, m, 1]).tanh(), W)).toEqual([0, m > 1 ? 2 : 1]);
    expect(ties((w) => reshape(reshape(w, [1, n, m]).mul(2), [n, m]), W)).toEqual([0, 1]);
  });

  it("merging a tied axis with another breaks the tie", () => {
    const merged = ties((w) => reshape(w, [n * m]), W);
    if (n > 1 && m > 1) expect(merged).toEqual([null, null]);
  });

  it("slicing, flipping and gathering break the tie of their axis only", () => {
    expect(ties((w) => slice(w, [null, [0, m]]).flip(0), W)[1]).toBe(1);
    if (n > 1) {
      expect(ties((w) => slice(w, [[1, n]]), W)).toEqual([null, 1]);
      expect(ties((w) => gather(w, [0, 0, 1]), W)).toEqual([null, 1]);
    }
  });

  it("selecting one index drops its axis and keeps the other tie", () => {
    expect(ties((w) => select(w, 0, 0), W)).toEqual([null, 0]);
  });

  it("broadcasting a size-1 axis makes a new axis", () => {
    const found = ties((w) => broadcastTo(reshape(w, [n, 1, m]), [n, 5, m]), W);
    expect(found).toEqual([0, m > 1 ? 2 : null]);
    if (n === 1) expect(ties((w) => broadcastTo(w, [4, m]), W)).toEqual([null, 1]);
  });

  it("sums drop their axis: the rest stays tied", () => {
    expect(ties((w) => w.square().sum(1), W)).toEqual([0, null]);
    expect(ties((w) => w.mul(w.sum(1, { keepDims: true })), W)[0]).toBe(0);
  });

  it("weight-normalized rows keep the unit tie", () => {
    expect(ties((w) => drive(w.div(w.norm(1, { keepDims: true }))), W)).toEqual([1, null]);
  });

  it("a norm across units on the drive breaks the tie", () => {
    const rms = (u: Tensor): Tensor => u.div(u.square().mean(1, { keepDims: true }).add(1e-3).sqrt());
    if (n > 1) expect(ties((w) => rms(drive(w)), W)).toEqual([null, null]);
    else jacobian((w) => rms(drive(w)), W);
  });

  it("a parameter used twice merges its terms", () => {
    expect(ties((w) => drive(w).add(einsum("bm,nm->bn", x.mul(2), w.tanh())), W)).toEqual([1, null]);
  });

  it("fused gates keep their tie as W[g,n,m] selected, and lose it as W[g·n,m] sliced", () => {
    const gates = (a: Tensor, b: Tensor): Tensor =>
      einsum("bm,nm->bn", x, a)
        .sigmoid()
        .mul(einsum("bm,nm->bn", x, b).tanh());
    expect(ties((w) => gates(select(w, 0, 0), select(w, 0, 1)), draw(11, [2, n, m]))).toEqual([
      null,
      1,
      null,
    ]);
    const sliced = ties((w) => gates(slice(w, [[0, n]]), slice(w, [[n, 2 * n]])), draw(12, [2 * n, m]));
    expect(sliced).toEqual([null, null]);
  });

  it("a scalar parameter has nothing to tie", () => {
    expect(ties((a) => h.mul(a.sigmoid()), draw(13, []))).toEqual([]);
  });
});

describe("convolutions", () => {
  it.each([
    [1, 1, 1, 1],
    [2, 3, 4, 3],
    [1, 2, 3, 1],
  ])("the channel tie of a kernel survives (%i, %i, %i, %i)", (C, O, H, B) => {
    const x = draw(20, [B, C, H, H]);
    const f = (k: Tensor): Tensor => conv2d(x, k, { padding: 1 }).tanh();
    const found = jacobian(f, draw(21, [O, C, 3, 3]));
    expect(found.ties).toEqual([1, null, null, null]);
    const stacked = (k: Tensor): Tensor => conv2d(f(k), draw(22, [2, O, 3, 3]), { padding: 1, stride: 2 });
    jacobian(stacked, draw(21, [O, C, 3, 3]));
  });

  it("a depthwise convolution above keeps the channel tie", () => {
    const x = draw(23, [2, 2, 3, 3]);
    const f = (k: Tensor): Tensor =>
      conv2d(conv2d(x, k, { padding: 1 }).tanh(), draw(24, [3, 1, 3, 3]), { padding: 1, groups: 3 });
    expect(jacobian(f, draw(25, [3, 2, 3, 3])).ties).toEqual([1, null, null, null]);
  });

  it("a grouped convolution is right", () => {
    const f = (k: Tensor): Tensor => conv2d(draw(26, [1, 4, 3, 3]), k, { groups: 2 });
    jacobian(f, draw(27, [4, 2, 2, 2]));
    jacobian((x) => conv2d(x, draw(28, [4, 2, 2, 2]), { groups: 2 }), draw(29, [1, 4, 3, 3]));
  });
});

describe("random compositions", () => {
  it("agree with reverse mode, and nest", () => {
    fc.assert(
      fc.property(compositions(4), ({ f, x }) => {
        jacobian(f, x);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a sum of factors", () => {
  it("takes one in the place of what is not there, on either side", () => {
    const axis = new Axis(2, "n");
    const factor = { axes: [axis], tensor: tensor([3, 5]) };
    for (const sum of [plus(factor, null, "float64"), plus(null, factor, "float64")]) {
      expect(sum.axes).toEqual([axis]);
      expect(sum.tensor.toArray()).toEqual([4, 6]);
    }
    expect(plus(null, null, "float64").tensor.item()).toBe(2);
  });
});
