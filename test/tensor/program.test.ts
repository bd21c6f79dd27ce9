import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { backend } from "../../src/device/backend.js";
import { hostZeros } from "../../src/device/host-storage.js";
import type { Call } from "../../src/device/program/call.js";
import type { Program, Simplified } from "../../src/device/program/program.js";
import { simplify } from "../../src/device/program/simplify.js";
import { add, exp, matmul, mul, tanh, tensor, transpose, useBackend } from "../../src/index.js";
import { recordProgram } from "../../src/tensor/compile/record.js";
import { denseOf, entries } from "../../src/tensor/read.js";
import { Tensor } from "../../src/tensor/tensor.js";
import { stored } from "../support/storage.js";

// to the last bit: other backends may take sums in another order when they replay
beforeAll(() => useBackend("js"));

const size = 3;
const square = (values: readonly number[]): Tensor => tensor([...values], { shape: [size, size] });
const values = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
  minLength: size * size,
  maxLength: size * size,
});
const ops: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  add,
  mul,
  matmul,
  (a) => tanh(a),
  (a) => exp(mul(a, 0.1)),
  (a) => transpose(a),
  // constants of equal numbers and different arrays
  (a) => mul(a, tensor([2])),
];
const steps = fc.array(fc.record({ op: fc.nat(ops.length - 1), a: fc.nat(), b: fc.nat() }), {
  minLength: 1,
  maxLength: 25,
});

describe("a simplified program", () => {
  it("computes the same from other numbers, to the last bit, on no more arrays", () => {
    const holds = fc.property(
      steps,
      fc.array(values, { minLength: 2, maxLength: 2 }),
      fc.array(values, { minLength: 2, maxLength: 2 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      (list, first, second, asked) => {
        const constant = square([1, 2, 3, 4, 5, 6, 7, 8, 9]);
        const run = (inputs: readonly Tensor[]): Tensor[] => {
          const all = [...inputs, constant];
          for (const { op, a, b } of list) all.push(ops[op](all[a % all.length], all[b % all.length]));
          return asked.map((i) => all[all.length - 1 - (i % all.length)]);
        };
        const inputs = first.map(square);
        const { result, program } = recordProgram(() => run(inputs));
        const arrays = (tensors: readonly Tensor[]) => tensors.map((t) => denseOf(t).data);
        const whole = { calls: program.length, bytes: program.bytes };
        const { program: less, moved } = program.simplified({
          given: arrays(inputs),
          kept: arrays(result),
        }) as Simplified;
        const recorded = result.map((t) => [...entries(t)]);
        expect(less.length).toBeLessThanOrEqual(whole.calls);
        expect(less.bytes).toBeLessThanOrEqual(whole.bytes);
        const expected = run(second.map(square)).map((t) => [...entries(t)]);
        inputs.forEach((t, i) => {
          moved.get(denseOf(t).data)?.write(second[i]);
        });
        expect(less.replay()).toBe("done");
        const replayed = result.map((t) => {
          const there = { ...denseOf(t), kind: "dense" } as const;
          const data = moved.get(there.data) ?? there.data;
          return [...entries(new Tensor(t.shape, t.dtype, { ...there, data }))];
        });
        expect(replayed).toEqual(expected);
        // what was handed out when it was recorded stays what it was
        expect(result.map((t) => [...entries(t)])).toEqual(recorded);
      },
    );
    fc.assert(holds, { numRuns: 300 });
  });

  it("computes once what is asked for twice, and nothing that nobody reads or that never changes", () => {
    const x = square([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const { result, program } = recordProgram(() => {
      const constant = exp(exp(tensor(0.1)));
      exp(x);
      return mul(tanh(mul(x, constant)), tanh(mul(x, exp(exp(tensor(0.1))))));
    });
    expect(program.length).toBe(10);
    const less = program.simplified({ given: [denseOf(x).data], kept: [denseOf(result).data] });
    expect(less?.program.length).toBe(3);
  });

  it("knows which arrays are given, kept and its own, also once others took their places", () => {
    const x = square([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const constant = square([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    const { result, program } = recordProgram(() => exp(tanh(mul(x, constant))));
    const [given, kept] = [denseOf(x).data, denseOf(result).data];
    // any result may be asked for as long as nobody said which
    expect(program.kept).toEqual(program.written);
    const { program: less, moved } = program.simplified({ given: [given], kept: [kept] }) as Simplified;
    expect([less.given, less.kept]).toEqual([[moved.get(given)], [moved.get(kept)]]);
    // products, their tanh, and a copy of the constant
    expect(less.own).toHaveLength(3);
    for (const data of less.own) expect([given, kept, denseOf(constant).data]).not.toContain(data);
    less.prepare();
    const other = stored(Float64Array.of(9, 8, 7, 6, 5, 4, 3, 2, 1));
    less.port(less.given[0]).bind(other);
    expect(less.given[0]).toBe(other);
    const next = hostZeros("float64", 9);
    less.port(less.kept[0]).bind(next);
    less.replay();
    expect(less.kept[0]).toBe(next);
    expect(next.host()[0]).toBe(Math.exp(Math.tanh(81)));
    expect(less.own).toHaveLength(3);
  });

  it("keeps what is changed in place", () => {
    const [trace, x] = [stored(Float64Array.of(1, 2)), stored(Float64Array.of(3, 4))];
    const row = { offset: 0, rowStrides: [1], boundStrides: [] };
    const term = { into: 0, rows: [2], outOffset: 0, outStrides: [1], bound: [] };
    const step = {
      traces: [trace],
      rows: [2],
      inner: 1,
      traceOffset: 0,
      traceStrides: [1],
      terms: [{ ...term, coefficient: { data: x, ...row }, base: null, own: null }],
      before: null,
      after: null,
      gradient: null,
      gradientOffset: 0,
      gradientStrides: [1],
      started: true,
    };
    const { program } = recordProgram(() => backend().traceStep(step));
    const less = program.simplified({ given: [x], kept: [] })?.program as Program;
    expect([less.given.length, less.kept, less.own]).toEqual([1, [trace], []]);
  });

  it("lends arrays whose time is over", () => {
    const x = square([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const chain = (n: number): number => {
      const { result, program } = recordProgram(() => {
        let y = x;
        for (let i = 0; i < n; i++) y = tanh(y);
        return y;
      });
      return (
        program.simplified({ given: [denseOf(x).data], kept: [denseOf(result).data] })?.program.bytes ??
        Number.NaN
      );
    };
    expect(chain(50)).toBe(chain(5));
  });
});

describe("products taken together", () => {
  const array = () => ({ data: hostZeros("float64", 4), shape: [2, 2], dtype: "float64" as const });
  const operand = (a: ReturnType<typeof array>) => ({ ...a, strides: [2, 1], offset: 0 });
  const attrs = { aLabels: ["i", "j"], bLabels: ["j", "k"], outLabels: ["i", "k"] };
  /** Products of five inputs with one matrix, which something may change in place between them. */
  const names = (isChanged: boolean): string[] => {
    const [matrix, inputs, results] = [
      array(),
      Array.from({ length: 5 }, array),
      Array.from({ length: 5 }, array),
    ];
    const calls = inputs.flatMap((x, i): Call[] => {
      const [product, out] = [array(), results[i]];
      const lies = { rows: [2], inner: 2, traceOffset: 0, traceStrides: [2] };
      const step = { traces: [matrix.data], ...lies, terms: [], before: null, after: null };
      const change: Call = {
        kind: "trace",
        step: { ...step, gradient: null, gradientOffset: 0, gradientStrides: [0], started: true },
      };
      return [
        { kind: "kernel", name: "contract", inputs: [operand(x), operand(matrix)], attrs, out: product },
        { kind: "kernel", name: "neg", inputs: [operand(product)], attrs: null, out },
        ...(isChanged ? [change] : []),
      ];
    });
    const given = [matrix.data, ...inputs.map(({ data }) => data)];
    const kept = results.map(({ data }) => data);
    return simplify(calls, { given, kept, regroups: true }).map((c) =>
      c.kind === "kernel" ? c.name : c.kind,
    );
  };

  it("are one where the matrix stays, and as they were where it changes in between", () => {
    expect(names(false)).toEqual(["concat", "contract", "neg", "neg", "neg", "neg", "neg"]);
    expect(names(true)).toEqual(Array.from({ length: 5 }, () => ["contract", "neg", "trace"]).flat());
  });
});
