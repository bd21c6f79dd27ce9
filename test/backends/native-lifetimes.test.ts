/** Arrays that go away, move or shrink under the addon, memory that is given back, and what it leaves alone in the process. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { freemem } from "node:os";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { NativeProgram } from "../../src/backends/native/addon.js";
import type { TypedArray } from "../../src/core/dtype.js";
import { BackendError, PlanError } from "../../src/core/errors.js";
import * as o from "../../src/index.js";
import { addon, asBackendError, missing } from "../support/native.js";

const isSanitized = (process.env.LD_PRELOAD ?? "").includes("libasan");

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Runs a TypeScript file, or a line of code, in a process of its own. */
function child(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, ["--expose-gc", "--import", "tsx", ...args], {
    encoding: "utf8",
    env: { ...process.env, ONWARD_BACKEND: "native", ...env },
  });
}

/** Gives an array's memory away, as posting it to a worker does. */
function transfer(array: { readonly buffer: ArrayBufferLike }): void {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
}

function codeOf(call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (error) {
    const known = asBackendError(error);
    if (!(known instanceof BackendError)) throw error;
    expect(known.message).toMatch(/^[^\n]+$/);
    return known.code;
  }
}

/** Memory that can be resized, from ES2024 on. */
type Resizable = ArrayBuffer & { resize(bytes: number): void };
const resizable = (bytes: number, most: number): Resizable =>
  new (ArrayBuffer as unknown as new (n: number, options: { maxByteLength: number }) => Resizable)(bytes, {
    maxByteLength: most,
  });

const title = "memory under the native addon";
describe.skipIf(missing !== null)(missing === null ? title : `${title} (skipped: ${missing})`, () => {
  let mailbox: { ints: Int32Array; numbers: Float64Array };
  beforeAll(() => {
    mailbox = addon.open(1, "", "");
  });

  const n = 4096;
  const ramp = (): Float64Array => Float64Array.from({ length: n }, (_, i) => i + 1);
  /** One after another: the first of each pair of arrays becomes the negative of the second. */
  const negations = (pairs: number, length = n): Int32Array =>
    Int32Array.from([
      pairs,
      ...Array.from({ length: pairs }, (_, k) => [
        ...[addon.names.indexOf("neg"), 1, 0, length],
        ...[2 * k, 0, 1, 2 * k + 1, 0, 1],
      ]).flat(),
    ]);
  const programOf = (...arrays: TypedArray[]): NativeProgram =>
    addon.program(negations(arrays.length / 2), new Float64Array(0), arrays);

  it("takes a list whose entries give earlier ones away", () => {
    const [out, x] = [new Float64Array(n), ramp()];
    const list = [out, x];
    Object.defineProperty(list, 1, {
      get: () => {
        if (out.length > 0) transfer(out);
        return x;
      },
    });
    expect(codeOf(() => addon.program(negations(1), new Float64Array(0), list))).toBe("invalid-instruction");
  });

  it("takes a list whose entries give its integers and numbers away", () => {
    const [ints, numbers] = [negations(1), new Float64Array(4)];
    const list = [new Float64Array(n), ramp()];
    const x = list[1];
    Object.defineProperty(list, 1, {
      get: () => {
        for (const array of [ints, numbers]) if (array.length > 0) transfer(array);
        return x;
      },
    });
    expect(codeOf(() => addon.program(ints, numbers, list))).toBe("invalid-instruction");
  });

  it("lets an error of an entry through", () => {
    const list = [new Float64Array(n)];
    Object.defineProperty(list, 0, {
      get: () => {
        throw new Error("mine");
      },
    });
    expect(() => addon.program(negations(0), new Float64Array(0), list)).toThrow("mine");
  });

  it("is not led astray by entries that arrays inherit", () => {
    const [out, x] = [new Float64Array(n), ramp()];
    Object.defineProperty(Array.prototype, 0, {
      configurable: true,
      get: () => undefined,
      set: () => {
        if (out.length > 0) transfer(out);
      },
    });
    let program: NativeProgram;
    try {
      program = programOf(out, x);
    } finally {
      delete (Array.prototype as unknown as Record<number, unknown>)[0];
    }
    expect(codeOf(() => addon.replay(program))).toBe("detached");
  });

  it.each([0, 1, 2, 3])("replays nothing when array %i was transferred", (which) => {
    const arrays = [new Float64Array(n), ramp(), new Float64Array(n), ramp()];
    const program = programOf(...arrays);
    addon.replay(program);
    expect([arrays[0][9], arrays[2][9]]).toEqual([-10, -10]);
    for (const k of [0, 2]) arrays[k].fill(5);
    transfer(arrays[which]);
    expect(codeOf(() => addon.replay(program))).toBe("detached");
    for (const k of [0, 2].filter((k) => k !== which)) expect(arrays[k].every((v) => v === 5)).toBe(true);
  });

  it("replays on another array in place of one that was transferred", () => {
    const [out, x, y] = [new Float64Array(n), ramp(), ramp()];
    const program = programOf(out, x);
    transfer(x);
    y[0] = 7;
    addon.rebind(program, 1, y);
    addon.replay(program);
    expect([out[0], out[1]]).toEqual([-7, -2]);
    expect(codeOf(() => addon.rebind(program, 2, y))).toBe("invalid-argument");
    expect(codeOf(() => addon.rebind(program, 1, new Float32Array(n)))).toBe("invalid-argument");
    addon.replay(program);
    transfer(y);
    expect(codeOf(() => addon.replay(program))).toBe("detached");
    // one without memory is too short
    addon.rebind(program, 1, y);
    expect(codeOf(() => addon.replay(program))).toBe("invalid-instruction");
  });

  it("sees memory shrink, and takes it again when it has grown", () => {
    const memory = resizable(8 * n, 16 * n);
    const [out, x] = [new Float64Array(n), new Float64Array(memory)];
    x.fill(3);
    mailbox.ints.set(negations(1));
    addon.run(out, x);
    expect(out[n - 1]).toBe(-3);
    const program = programOf(out, x);
    memory.resize(8 * n - 8);
    expect(codeOf(() => addon.replay(program))).toBe("detached");
    mailbox.ints.set(negations(1));
    expect(codeOf(() => addon.run(out, x))).toBe("invalid-instruction");
    expect(codeOf(() => programOf(out, x))).toBe("invalid-instruction");
    memory.resize(16 * n);
    x.fill(4);
    addon.replay(program);
    expect(out[n - 1]).toBe(-4);
    mailbox.ints.set(negations(1));
    addon.run(out, x.subarray(0, n));
    // a view of a fixed part that is outside now
    const tail = new Float64Array(memory, 8 * n, n);
    memory.resize(8 * n);
    mailbox.ints.set(negations(1));
    expect(codeOf(() => addon.run(out, tail))).toBe("invalid-instruction");
  });

  it("sees the memory of WebAssembly move", () => {
    // no types of it without those of a browser
    type Growing = new (options: object) => { readonly buffer: ArrayBuffer; grow(pages: number): void };
    const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: Growing } }).WebAssembly;
    const memory = new Memory({ initial: 1 });
    const [out, x] = [new Float64Array(n), new Float64Array(memory.buffer, 0, n)];
    const program = programOf(out, x);
    addon.replay(program);
    memory.grow(10);
    expect(codeOf(() => addon.replay(program))).toBe("detached");
  });

  it("refuses memory that other threads can write to", () => {
    const [own, shared] = [new Float64Array(n), new Float64Array(new SharedArrayBuffer(8 * n))];
    mailbox.ints.set(negations(1));
    expect(codeOf(() => addon.run(own, shared))).toBe("shared");
    expect(codeOf(() => addon.run(shared, own))).toBe("shared");
    expect(codeOf(() => programOf(own, shared))).toBe("shared");
    const program = programOf(own, ramp());
    expect(codeOf(() => addon.rebind(program, 1, shared))).toBe("shared");
    addon.replay(program);
    expect(own[0]).toBe(-1);
  });

  it("runs what is in the mailbox once", () => {
    const [out, x] = [new Float64Array(n), ramp()];
    mailbox.ints.set(negations(1));
    addon.run(out, x);
    expect(codeOf(() => addon.run(out, x))).toBe("no-instructions");
  });

  it("keeps the arrays of a program that nothing else does, and no others", () => {
    const program = programOf(new Float64Array(n), ramp());
    collect();
    addon.replay(program);
    // whoever takes them out gets an error, not the memory of others
    const { arrays } = program as unknown as { arrays: TypedArray[] };
    arrays.length = 0;
    collect();
    expect(codeOf(() => addon.replay(program))).toBe("detached");
    expect(Object.keys(program)).toEqual([]);
  });

  it("frees programs in a loop that never yields, and has V8 know what they take", () => {
    const [out, x] = [new Float64Array(n), ramp()];
    const ints = Int32Array.from([
      200,
      ...Array.from({ length: 200 }, () => [...negations(1).slice(1)]).flat(),
    ]);
    const make = (): NativeProgram => addon.program(ints, new Float64Array(0), [out, x]);
    const held = (): number => addon.info().programBytes;
    collect();
    for (let i = 0; i < 100; i++) programOf(out, x);
    const start = held();
    let programs = Array.from({ length: 100 }, make);
    const each = (held() - start) / 100;
    // an instruction takes at least its sizes, strides and attributes, as many as it can have
    expect(each).toBeGreaterThan(200 * 12 * 8 * 6);
    addon.replay(programs[99]);
    programs = [];
    collect();
    // four are looked at for each new one, of 200 old and 100 new ones
    for (let i = 0; i < 100; i++) make();
    expect(held() - start).toBeLessThan(101 * each);
    // nobody collects by hand: V8 does, as it does for arrays, once some 64 MB hang on few objects
    let most = 0;
    for (let i = 0; i < 2000; i++) {
      make();
      most = Math.max(most, held() - start);
    }
    expect(most).toBeLessThan(1000 * each);
  });

  it.skipIf(isSanitized)(
    `gives back what dropped learners held, whether the event loop turns or not${isSanitized ? " (skipped: the sanitizer keeps freed memory)" : ""}`,
    () => {
      for (const way of ["running", "yielding"]) {
        const { stdout, stderr } = child([path("../support/dropped-learners.ts"), "800", way]);
        expect(stderr).toBe("");
        const { backend, perHundred } = JSON.parse(stdout) as { backend: string; perHundred: number };
        expect(backend).toBe("native");
        // where they wait for finalizers, they leave 10 MB; what is left here are pages that the allocator holds
        expect(perHundred).toBeLessThan(2.5e6);
      }
    },
    600_000,
  );

  // 1.5 times what it allocates, so that nobody else is pushed out
  const least = 7.5e9;
  const tight = process.env.CI
    ? "not in CI, whose machines may have less memory than they say"
    : freemem() < least
      ? "less than 7.5 GB of memory are free"
      : isSanitized
        ? "the sanitizer takes more memory than there is"
        : null;
  it.skipIf(tight !== null)(
    `computes results above 4 GiB${tight === null ? "" : ` (skipped: ${tight})`}`,
    () => {
      const code = `import("${new URL("../../src/index.ts", import.meta.url).href}").then((o) => {
        const rows = o.arange(0, 33000).reshape([33000, 1]), columns = o.arange(0, 16400).reshape([1, 16400]);
        const sum = o.add(rows, columns);
        console.log(JSON.stringify([o.backendName(), sum.size * 8 > 2 ** 32,
          o.slice(sum, [[32999, 33000], [16399, 16400]]).item(), o.slice(sum, [[17, 18], [5, 6]]).item()]));
      });`;
      const { stdout, stderr } = child(["--eval", code]);
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toEqual(["native", true, 32999 + 16399, 22]);
    },
    600_000,
  );

  it("says in a sentence that there is no memory for a result", () => {
    const x = o.zeros([1, 1]).add(o.zeros([1, 1]));
    expect(() => o.broadcastTo(x, [2 ** 20, 2 ** 30])).toThrow(PlanError);
    const wide = o.broadcastTo(x, [2 ** 14, 2 ** 14]);
    const free = vi.spyOn(process, "availableMemory").mockReturnValue(2 ** 30);
    try {
      expect(() => o.exp(wide)).toThrow(PlanError);
      expect(() => o.exp(wide)).toThrow(
        "exp: expected an array that fits into the 1073741824 bytes of memory that are free, got 268435456 entries of float64, 2147483648 bytes",
      );
    } finally {
      free.mockRestore();
    }
  });

  it("leaves the process alone", () => {
    const file = process.env.ONWARD_ADDON ?? path("../../build/Release/onward.node");
    // what a library calls is named in it
    const words = readFileSync(file, "latin1");
    for (const name of ["setenv", "putenv", "clearenv"]) expect(words.includes(name), name).toBe(false);
    expect(words.includes("napi_create_function")).toBe(true);
  });

  it("keeps freed memory only where it is asked to", () => {
    const code = `import("${new URL("../../src/index.ts", import.meta.url).href}").then((o) => console.log(o.backendName()), (e) => console.log(e.message));`;
    const say = (value: string): string =>
      child(["--eval", code], { ONWARD_KEEP_MEMORY: value }).stdout.trim();
    expect(say("1")).toBe("native");
    expect(say("yes")).toBe('ONWARD_KEEP_MEMORY: expected 0 or 1, got "yes"');
  });

  it("uses no OpenBLAS that takes the processor for an old one", ({ skip }) => {
    const load = `const addon = require(${JSON.stringify(
      createRequire(import.meta.url).resolve(process.env.ONWARD_ADDON ?? "../../build/Release/onward.node"),
    )});`;
    const blasOf = (products: string, core: string): string =>
      child(
        [
          "--eval",
          `${load} addon.open(1, "avx2", "${products}"); console.log(addon.info().blas, addon.info().simd);`,
        ],
        {
          OPENBLAS_CORETYPE: core,
        },
      ).stdout.trim();
    const asked = blasOf("openblas", "Prescott");
    skip(asked !== "OpenBLAS avx2", "built without OpenBLAS, or for another processor");
    expect(blasOf("", "Prescott")).toBe("own kernels avx2");
    expect(blasOf("", "Haswell")).toBe("OpenBLAS avx2");
  });
});
