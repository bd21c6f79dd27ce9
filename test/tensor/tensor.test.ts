import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  arange,
  concat,
  conv2d,
  DTypeError,
  einsum,
  eye,
  full,
  grad,
  matmul,
  ones,
  ShapeError,
  scalar,
  stack,
  type Tensor,
  tensor,
  where,
  zeros,
} from "../../src/index.js";
import { abstractTensor } from "../../src/tensor/apply.js";

describe("a tensor prints itself", () => {
  it.each<[Tensor, string]>([
    [scalar(3), "tensor float64 [] 3"],
    [tensor([1, 2.5]), "tensor float64 [2] [1, 2.5]"],
    [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      "tensor float64 [2,2]\n[[1, 2],\n [3, 4]]",
    ],
    [tensor([Number.NaN, -1e-9, 1e20, 123456789]), "tensor float64 [4] [NaN, -1e-9, 1e+20, 1.2346e+8]"],
    [arange(100), "tensor float64 [100] [0, 1, 2, ..., 97, 98, 99]"],
    [tensor([true, false]), "tensor bool [2] [true, false]"],
    [zeros([0, 3]), "tensor float64 [0,3] []"],
    [tensor([1 / 3], { dtype: "float32" }), "tensor float32 [1] [0.33333]"],
  ])("as %s", (t, text) => {
    expect(inspect(t)).toBe(text);
    expect(`${t}`).toBe(text);
  });

  it("inside a derivative too, and says so", () => {
    let seen = "";
    grad((x: Tensor) => {
      seen = inspect(x);
      return x.square();
    })(scalar(2));
    expect(seen).toBe("tensor float64 [] in grad 2");
  });
});

describe("data", () => {
  it("promises a copy of the entries in row-major order, of views and float32 too", async () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    const own = await t.data();
    own[0] = 9;
    expect(await t.data()).toEqual(Float64Array.of(1, 2, 3, 4));
    expect(await t.transpose().data()).toEqual(Float64Array.of(1, 3, 2, 4));
    const row = await t
      .cast("float32")
      .slice([[1, 2]])
      .data();
    expect([row, row.buffer.byteLength]).toEqual([Float32Array.of(3, 4), 8]);
  });

  it("is the value within a derivative, and refused where there is none", async () => {
    let seen: Promise<ArrayLike<number>> | null = null;
    grad((x: Tensor) => {
      seen = x.data();
      return x.square();
    })(scalar(2));
    expect(await seen).toEqual(Float64Array.of(2));
    await expect(abstractTensor({ shape: [2], dtype: "float64" }).data()).rejects.toThrow(
      /^tensor: a shape without data has no numbers to read, got \[2\]/,
    );
  });
});

describe("creation", () => {
  it("keeps what it is given", () => {
    const source = Float64Array.of(1, 2);
    const t = tensor(source);
    source[0] = 9;
    expect(t.toArray()).toEqual([1, 2]);
    expect(tensor([1, 2], { dtype: "int32" }).dtype).toBe("int32");
    expect(tensor([[true]]).dtype).toBe("bool");
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(arange(1, 2, 0.25).toArray()).toEqual([1, 1.25, 1.5, 1.75]);
  });

  it("changes dtype and shape of a tensor where asked to", () => {
    const t = tensor(tensor([1, 2, 3, 4]), { dtype: "float32", shape: [2, 2] });
    expect([t.dtype, t.shape]).toEqual(["float32", [2, 2]]);
  });
});

describe("errors are one sentence: who, expected, got", () => {
  it.each<[() => unknown, new (m: string) => Error, string]>([
    [() => tensor([[1, 2], [3]]), ShapeError, "tensor: rows must have equal lengths, got 2 and 1 at depth 1"],
    [() => tensor([1, 2], { shape: [3] }), ShapeError, "tensor: expected 3 numbers for shape [3], got 2"],
    [() => tensor(["1" as never]), DTypeError, "tensor: expected numbers or booleans, got a string"],
    [
      () => tensor([1.5], { dtype: "int32" }),
      DTypeError,
      "tensor: expected 32-bit integers for int32, got 1.5",
    ],
    [
      () => tensor(Float64Array.of(2 ** 40), { dtype: "int32" }),
      DTypeError,
      "tensor: expected 32-bit integers for int32, got 1099511627776",
    ],
    [
      () => full([2], 0.5, { dtype: "int32" }),
      DTypeError,
      "full: expected 32-bit integers for int32, got 0.5",
    ],
    [() => zeros([-1]), ShapeError, "zeros: sizes must be integers >= 0"],
    [() => zeros([1.5]), ShapeError, "zeros: sizes must be integers >= 0"],
    [
      () => arange(0, 1, 0),
      ShapeError,
      "arange: expected finite bounds and a step other than 0, got 0, 1, 0",
    ],
    [
      () => ones([2, 3]).matmul(ones([4, 5])),
      ShapeError,
      "matmul: inner sizes must agree, got [2,3] and [4,5]",
    ],
    [
      () => ones([2]).add(ones([3])),
      ShapeError,
      "add: shapes must broadcast (sizes agree or are 1, aligned at the last axis), got [2] and [3]",
    ],
    [
      () => ones([2]).add(ones([2], { dtype: "float32" })),
      DTypeError,
      "add: dtypes must agree, got float64 and float32",
    ],
    [() => ones([6]).reshape([4]), ShapeError, "reshape: sizes must agree, got [6] to [4]"],
    [() => ones([2, 3]).sum(2), ShapeError, "sum: axis"],
    [() => ones([2, 3]).permute([0, 0]), ShapeError, "permute"],
    [() => concat([ones([2]), ones([2, 1])]), ShapeError, "concat: shapes must agree"],
    [() => stack([]), ShapeError, "stack: expected at least one tensor, got none"],
    [() => ones([3]).gather([3]), ShapeError, "gather: positions must lie in [0, 2] on axis 0, got 3 at 0"],
    [() => ones([3]).slice([[0, 4]]), ShapeError, "slice"],
    [() => where(ones([2]), 1, 2), DTypeError, "where"],
    [() => einsum("ij,jk->iz", ones([2, 2]), ones([2, 2])), ShapeError, "einsum"],
    [() => conv2d(ones([1, 3, 4, 4]), ones([2, 2, 3, 3])), ShapeError, "conv2d"],
    [() => ones([2]).item(), ShapeError, "item"],
    [() => matmul(scalar(1), ones([2])), ShapeError, "matmul"],
    [() => tensor([1, 2], { dtype: "int32" }).tanh(), DTypeError, "tanh"],
  ])("%s", (act, kind, sentence) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(sentence);
    expect(act).not.toThrow(/\.$|undefined|\[object/);
  });
});
