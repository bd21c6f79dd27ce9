/** The addon by itself: calls that make no sense, and worker threads. */
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { jsBackend } from "../../src/backends/js/index.js";
import { asBackendError } from "../../src/backends/native/addon.js";
import { Encoder } from "../../src/backends/native/encode.js";
import { encodeTrace } from "../../src/backends/native/encode-trace.js";
import type { TypedArray } from "../../src/core/dtype.js";
import { BackendError } from "../../src/core/errors.js";
import { type Backend, registerBackend } from "../../src/device/backend.js";
import * as o from "../../src/index.js";
import { addon, missing } from "../support/native.js";
import { type Kind, stepOf } from "../support/trace-steps.js";

/** Memory that the addon shares cannot be given away: some runtimes say so, others copy it. */
function attemptTransfer(buffer: ArrayBuffer): void {
  try {
    structuredClone(buffer, { transfer: [buffer] });
  } catch (error) {
    expect((error as Error).name).toBe("DataCloneError");
  }
}

const title = "the native addon";
describe.skipIf(missing !== null)(missing === null ? title : `${title} (skipped: ${missing})`, () => {
  /** A few well-formed instructions of every kind, to be spoiled. */
  const calls: { ints: Int32Array; numbers: Float64Array; arrays: TypedArray[] }[] = [];
  let mailbox: { ints: Int32Array; numbers: Float64Array };

  beforeAll(() => {
    mailbox = addon.open(1, "", "");
    const numbers = new Map(addon.names.map((name, i) => [name, i]));
    const recorder: Backend = {
      name: "recorder",
      run(name, inputs, attrs, out) {
        const encoder = new Encoder(numbers, new Int32Array(4096), new Float64Array(64));
        if (encoder.add(name, inputs, attrs, out))
          calls.push({
            ints: encoder.ints.slice(0, encoder.length),
            numbers: encoder.numbers.slice(0, encoder.numberLength),
            arrays: [...encoder.arrays],
          });
        jsBackend.run(name, inputs, attrs, out);
      },
      traceStep: () => {},
    };
    const before = o.backendName();
    registerBackend(recorder);
    o.useBackend("recorder");
    const x = o.random.normal(o.random.key(1), [2, 3, 6, 5]);
    const k = o.random.normal(o.random.key(2), [4, 3, 3, 3]);
    o.grad((y: o.Tensor) => o.conv2d(y, k, { padding: 1, stride: 2 }).tanh().sum())(x);
    o.grad((y: o.Tensor) => o.conv2d(x, y, { padding: 1 }).clip(-1, 1).sum([0, 2]).max())(k);
    o.matmul(x, o.permute(x, [0, 1, 3, 2]))
      .pow(2)
      .cumsum(1)
      .argmax(2);
    o.grad((y: o.Tensor) =>
      o
        .slice(o.concat([y, y], 1), [null, [1, 5, 2]])
        .pow(3)
        .sum(),
    )(x);
    o.where(x.greater(0), x.cast("float32").cast("float64"), 1).reshape([-1]);
    o.useBackend(before);
    // trace steps of all forms
    const shape = { batch: 2, value: 3, parameter: 3, bound: 2, started: true, wild: false, seed: 1 };
    for (const inner of [1, 5, 24])
      for (const states of [1, 2])
        for (const diagonal of [false, true]) {
          const encoder = new Encoder(numbers, new Int32Array(4096), new Float64Array(64));
          const kinds: readonly Kind[] | undefined = inner % 2 ? ["own", "drive", "old"] : undefined;
          const around = diagonal ? { first: 3, rows: 1, columns: 2, turned: false } : undefined;
          expect(encodeTrace(encoder, stepOf({ ...shape, inner, states, diagonal, kinds, around }))).toBe(
            true,
          );
          calls.push({
            ints: encoder.ints.slice(0, encoder.length),
            numbers: new Float64Array(0),
            arrays: [...encoder.arrays],
          });
        }
  });

  /** An array in the middle of guards that nobody may write to. */
  const guarded = (from: TypedArray) => {
    const guard = 16;
    const Kind = from.constructor as new (n: number) => TypedArray;
    const whole = new Kind(from.length + 2 * guard).fill(77);
    const inner = whole.subarray(guard, guard + from.length);
    inner.set(from);
    const intact = (): boolean =>
      whole.subarray(0, guard).every((v) => v === 77) &&
      whole.subarray(guard + from.length).every((v) => v === 77);
    return { inner, intact };
  };

  /** Returns the error that a call ends with, which has to be one of ours; null where there is none. */
  const attempt = (call: () => void): BackendError | null => {
    try {
      call();
      return null;
    } catch (error) {
      const known = asBackendError(error);
      expect(known).toBeInstanceOf(BackendError);
      return known as BackendError;
    }
  };

  it("answers 10,000 malformed calls with an error or with a result inside its arrays", () => {
    expect(calls.length).toBeGreaterThan(20);
    const odd: readonly unknown[] = [
      null,
      undefined,
      1,
      "x",
      {},
      [],
      new Uint16Array(8),
      new DataView(new ArrayBuffer(8)),
    ];
    const spoil = fc.record({
      call: fc.nat(10_000),
      edits: fc.array(
        fc.record({
          at: fc.nat(60),
          value: fc.oneof(
            fc.integer({ min: -3, max: 12 }),
            fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -1000, 1000, 4097),
          ),
        }),
        { maxLength: 3 },
      ),
      array: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(20) }),
      drop: fc.boolean(),
      /** By a program, which is decoded once and pointed at other arrays. */
      program: fc.boolean(),
    });
    const traceStep = addon.names.indexOf("traceStep");
    let errors = 0;
    fc.assert(
      fc.property(spoil, ({ call, edits, array, drop, program }) => {
        const { ints, numbers, arrays } = calls[call % calls.length];
        mailbox.ints.set(ints);
        mailbox.numbers.set(numbers);
        for (const { at, value } of edits) {
          const place = 1 + (at % (ints.length - 1));
          // no huge loops over one entry: they are allowed, and take long
          const isSize = ints[1] === traceStep || (place >= 4 && place < 4 + ints[2]);
          mailbox.ints[place] = isSize && value > 64 ? -value : value;
        }
        const guards = arrays.map(guarded);
        const given: unknown[] = guards.map((g) => g.inner);
        if (array >= 0) {
          const which = array % given.length;
          const choice = array % (odd.length + 3);
          if (choice < odd.length) given[which] = odd[choice];
          else if (choice === odd.length) given[which] = (given[which] as TypedArray).subarray(1);
          else if (choice === odd.length + 1) given[which] = new Float64Array(0);
          else {
            const detached = (given[which] as TypedArray).slice();
            structuredClone(detached.buffer, { transfer: [detached.buffer as ArrayBuffer] });
            given[which] = detached;
          }
          if (drop) given.pop();
        }
        const run = (): void => {
          if (!program) {
            addon.run(...(given as TypedArray[]));
            return;
          }
          const held = addon.program(
            mailbox.ints.slice(0, ints.length),
            mailbox.numbers.slice(0, numbers.length),
            given as TypedArray[],
          );
          addon.replay(held);
          const moved = guarded(arrays[call % arrays.length]);
          guards.push(moved);
          addon.rebind(held, call % (arrays.length + 1), moved.inner.subarray(call % 3));
          addon.replay(held);
        };
        if (attempt(run) !== null) errors++;
        expect(guards.every((g) => g.intact())).toBe(true);
      }),
      { numRuns: 10_000 },
    );
    // most edits hit something
    expect(errors).toBeGreaterThan(3000);
  });

  it("reads nothing of a factor that is not there, whatever strides it comes with", () => {
    const op = addon.names.indexOf("traceStep");
    // one state of four rows of one entry: the sums over rows of three of a base that has no coefficient
    const term = [0, -1, 0, 1, 1, 0, 4, 1, 3];
    const none = [-1, 0, 0];
    const step = [
      1,
      1,
      1,
      0,
      4,
      1,
      0,
      -1,
      0,
      0,
      1,
      ...term,
      ...[-1, 9, 5, 7],
      ...[1, 0, 3, 1],
      ...none,
      ...none,
    ];
    mailbox.ints.set([1, op, ...step]);
    const trace = new Float64Array(4);
    addon.run(
      trace,
      Float64Array.from({ length: 12 }, (_, i) => i),
    );
    expect([...trace]).toEqual([3, 12, 21, 30]);
  });

  it("refuses other calls than it knows", () => {
    const open = addon.open as unknown as (...args: unknown[]) => unknown;
    for (const args of [
      [],
      [1],
      [1, ""],
      [0, "", ""],
      [-1, "", ""],
      [Number.NaN, "", ""],
      ["1", "", ""],
      [1, 2, ""],
      [1, "", null],
      [2000, "", ""],
    ])
      expect(attempt(() => open(...args))?.code).toBe("invalid-argument");
    const many = Array.from({ length: 40 }, () => new Float64Array(1));
    expect(attempt(() => addon.run(...many))?.code).toBe("invalid-argument");
    const { program, replay, rebind } = addon as unknown as Record<string, (...args: unknown[]) => unknown>;
    const none = [Int32Array.of(0), new Float64Array(0), []];
    for (const args of [
      [],
      none.slice(0, 2),
      [1, 2, 3],
      [new Float64Array(1), none[1], []],
      [none[0], none[1], [1]],
    ])
      expect(attempt(() => program(...args))?.code).toBe("invalid-argument");
    for (const args of [[], [null], [{}], [1], [Object.create(program(...none) as object)]])
      expect(attempt(() => replay(...args))?.code).toBe("invalid-argument");
    const empty = program(...none);
    for (const args of [
      [],
      [empty],
      [empty, 0, new Float64Array(1)],
      [empty, -1, new Float64Array(1)],
      [{}, 0, 1],
    ])
      expect(attempt(() => rebind(...args))?.code).toBe("invalid-argument");
    // rows and columns whose product is negative in 64 bits: in one place, and as far apart as strides go
    for (const stride of [0, 1, 2 ** 31 - 1]) {
      const rows = [2 ** 11, 2 ** 11, 2 ** 11, stride, stride, stride];
      const huge = [1, addon.names.indexOf("traceStep"), 1, 3, 2 ** 31 - 1, 0, ...rows, 0, -1, 0, 0, 0, 0];
      mailbox.ints.set([...huge, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0]);
      expect(attempt(() => addon.run(new Float64Array(8)))?.code).toBe("invalid-instruction");
    }
    mailbox.ints.fill(-1);
    expect(attempt(() => addon.run())?.code).toBe("no-instructions");
    mailbox.ints.fill(2 ** 31 - 1);
    expect(attempt(() => addon.run())?.code).toBe("invalid-instruction");
  });

  it("keeps its mailbox when somebody tries to send it away", () => {
    const { ints } = mailbox;
    attemptTransfer(ints.buffer as ArrayBuffer);
    expect(ints.length).toBeGreaterThan(0);
    ints.fill(0);
    expect(attempt(() => addon.run(new Float64Array(1)))).toBeNull();
  });

  it("computes in two worker threads at once, which both stop cleanly", async () => {
    const worker = (seed: number): Promise<{ backend: string; sum: number; code: number }> =>
      new Promise((resolve, reject) => {
        const file = JSON.stringify(new URL("../support/native-worker.ts", import.meta.url).href);
        const thread = new Worker(
          `import("tsx/esm/api").then((t) => { t.register(); return import(${file}); });`,
          {
            eval: true,
            workerData: { seed, steps: 50 },
            env: { ...process.env, ONWARD_BACKEND: "native", ONWARD_THREADS: "2" },
          },
        );
        let message: { backend: string; sum: number } | null = null;
        thread.on("message", (m) => {
          message = m;
        });
        thread.on("error", reject);
        thread.on("exit", (code) =>
          message ? resolve({ ...message, code }) : reject(new Error(`exit ${code} without a message`)),
        );
      });
    const [a, b, again] = await Promise.all([worker(1), worker(5), worker(1)]);
    for (const result of [a, b, again]) expect([result.backend, result.code]).toEqual(["native", 0]);
    expect(again.sum).toBe(a.sum);
    expect(b.sum).not.toBe(a.sum);
  });
});
