import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsBackend } from "../../src/backends/js/index.js";
import { nativeBackend, runTrace } from "../../src/backends/native/backend.js";
import { Encoder } from "../../src/backends/native/encode.js";
import { nativeReplay } from "../../src/backends/native/replay.js";
import type { Storage } from "../../src/device/storage.js";
import type { Strided, TraceStep } from "../../src/device/trace-step.js";
import { addon, levels, missing } from "../support/native.js";
import { stored } from "../support/storage.js";
import { aroundOf, expectSame, type Kind, reference, shapes, stepOf } from "../support/trace-steps.js";

const kernelsOf = (): ReadonlyMap<string, number> => new Map(addon.names.map((name, i) => [name, i]));

const single = (data: Storage): Storage => stored(Float32Array.from(data.host()));

/** The same step in float32. */
function narrowed(step: TraceStep): TraceStep {
  const narrow = <F extends Strided | null>(f: F): F => f && { ...f, data: single(f.data) };
  const side = (c: TraceStep["before"]): TraceStep["before"] => c && { vectors: c.vectors.map(narrow) };
  return {
    ...step,
    traces: step.traces.map(single),
    gradient: step.gradient && single(step.gradient),
    terms: step.terms.map((t) => ({ ...t, coefficient: narrow(t.coefficient), base: narrow(t.base) })),
    before: side(step.before),
    after: side(step.after),
  };
}

if (missing !== null) describe.skip(`the native trace step (skipped: ${missing})`, () => {});
describe.each(levels.flatMap((simd) => [1, 2].map((threads) => [simd, threads] as const)))(
  "the native trace step, %s, %d threads",
  (simd, threads) => {
    const run = (step: TraceStep): boolean => {
      const { ints, numbers } = addon.open(threads, simd, "");
      return runTrace(addon, new Encoder(kernelsOf(), ints, numbers), step);
    };
    /** In a call, or in a recording where it has more arrays than a call takes. */
    const runOrReplay = (step: TraceStep): boolean => {
      if (run(step)) return true;
      const replay = nativeReplay(addon, kernelsOf(), [{ kind: "trace", step }]);
      replay?.run();
      return replay !== null;
    };

    it.each([
      ["rows of one entry", fc.constant(1)],
      ["short rows", fc.integer({ min: 1, max: 20 })],
      ["long rows", fc.integer({ min: 16, max: 150 })],
      // of so many that kernels begin with a part of a vector, so that whole ones lie on lines of the cache
      ["rows of whole lines", fc.integer({ min: 512, max: 600 })],
    ])("is the definition, entry by entry, of %s", (_, inner) => {
      const holds = fc.property(shapes(inner), (shape) => {
        const step = stepOf(shape);
        const [expected, around] = [reference(step), aroundOf(step)];
        expect(runOrReplay(step)).toBe(true);
        expect(aroundOf(step).equals(around)).toBe(true);
        step.traces.forEach((t, k) => {
          expectSame(t.host(), expected.traces[k]);
        });
        expectSame(step.gradient?.host() ?? [], expected.gradient);
      });
      fc.assert(holds, { numRuns: 70 });
    });

    it("is the definition of sums over rows, panel by panel", () => {
      // sums alone go by panels, where there are rows enough; several bases, infinite numbers and last panels among them
      const kinds = fc.constantFrom<readonly Kind[]>(
        ["own", "bound"],
        ["bound"],
        ["own", "drive", "bound"],
        ["own", "old"],
      );
      const sizes = fc.record({ value: fc.integer({ min: 4, max: 15 }), kinds });
      const holds = fc.property(shapes(fc.integer({ min: 16, max: 110 })), sizes, (shape, larger) => {
        const step = stepOf({ ...shape, ...larger, diagonal: false });
        const [expected, around] = [reference(step), aroundOf(step)];
        expect(runOrReplay(step)).toBe(true);
        expect(aroundOf(step).equals(around)).toBe(true);
        step.traces.forEach((t, k) => {
          expectSame(t.host(), expected.traces[k]);
        });
        expectSame(step.gradient?.host() ?? [], expected.gradient);
      });
      fc.assert(holds, { numRuns: 40 });
    });

    it("takes as many states and terms as it says", () => {
      const step = stepOf({
        states: 4,
        batch: 1,
        value: 3,
        parameter: 2,
        bound: 1,
        inner: 20,
        started: true,
        wild: false,
        diagonal: false,
        seed: 3,
      });
      const most = { ...step, terms: [step.terms, step.terms, step.terms].flat().slice(0, 64) };
      expect(most.terms.length).toBe(64);
      expect(runOrReplay({ ...most, terms: [...most.terms, step.terms[0]] })).toBe(false);
      const expected = reference(most);
      expect(runOrReplay(most)).toBe(true);
      most.traces.forEach((t, k) => {
        expectSame(t.host(), expected.traces[k]);
      });
      expectSame(most.gradient?.host() ?? [], expected.gradient);
    });

    it("rounds float32 as often as there are sums", () => {
      const holds = fc.property(shapes(fc.integer({ min: 1, max: 60 })), (shape) => {
        const step = narrowed(stepOf({ ...shape, wild: false }));
        const wide = narrowed(step);
        expect(runOrReplay(step)).toBe(true);
        jsBackend.traceStep(wide);
        // entries are sums of up to some forty products below 4 in size: each rounding is at most 2^-24 of their sum
        const close = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
          for (let i = 0; i < b.length; i++)
            if (!(Math.abs(a[i] - b[i]) <= 1e-3 * (1 + Math.abs(b[i])))) expect(a[i]).toBe(b[i]);
        };
        step.traces.forEach((t, k) => {
          close(t.host(), wide.traces[k].host());
        });
        close(step.gradient?.host() ?? [], wide.gradient?.host() ?? []);
      });
      fc.assert(holds, { numRuns: 40 });
    });

    it.each<[string, readonly Kind[] | undefined]>([
      ["rows", ["own", "drive"]],
      ["sums", ["own", "bound"]],
      ["sums in place", ["old"]],
      ["terms of all kinds", undefined],
    ])("gives the same numbers of %s for any number of threads", (_, kinds) => {
      const holds = fc.property(shapes(fc.integer({ min: 200, max: 260 })), (shape) => {
        const large = {
          ...shape,
          kinds,
          states: 1 + (shape.seed % 2),
          batch: 4,
          value: 16,
          parameter: 11,
          bound: 2,
          diagonal: false,
        };
        const [one, many] = [stepOf(large), stepOf(large)];
        const alone = addon.open(1, simd, "");
        expect(runTrace(addon, new Encoder(kernelsOf(), alone.ints, alone.numbers), one)).toBe(true);
        expect(run(many)).toBe(true);
        // large arrays: compared as bytes, which takes no time
        const bytes = (of: TraceStep): Buffer[] =>
          [...of.traces, of.gradient as Storage].map((data) => Buffer.from(data.host().buffer));
        const expected = bytes(one);
        bytes(many).forEach((b, i) => {
          expect(b.equals(expected[i])).toBe(true);
        });
      });
      fc.assert(holds, { numRuns: 3 });
    });

    it("refuses traces and terms that lie where they may not", () => {
      const around = { first: 2, rows: 1, columns: 3, turned: false };
      const step = stepOf({
        ...{ states: 1, batch: 2, value: 3, parameter: 2, bound: 1, inner: 4, seed: 1 },
        ...{ started: true, wild: false, diagonal: false, kinds: ["old"], around },
      });
      const [term] = step.terms;
      const { base } = term;
      if (base === null) throw new Error("expected a base in the old trace, got none");
      const [p0, p1, p2] = step.traceStrides;
      const wrong: Record<string, Partial<TraceStep>> = {
        "rows that overlap": { traceStrides: [p0, p1, 3] },
        "rows in one place": { traceStrides: [p0, 0, p2] },
        "rows backwards": { traceStrides: [p0, -p1, p2] },
        "rows beyond the array": { traceOffset: step.traces[0].length - 1 },
        "a term in other columns": { terms: [{ ...term, outOffset: term.outOffset + 1 }] },
        "a term before the trace": { terms: [{ ...term, outOffset: 0 }] },
        "a term in other rows": { terms: [{ ...term, outStrides: [p0, p1, 2 * p2] }] },
        "a base in other columns": { terms: [{ ...term, base: { ...base, offset: base.offset + 1 } }] },
        "a base before the trace": { terms: [{ ...term, base: { ...base, offset: 0 } }] },
        "a base across columns": { terms: [{ ...term, base: { ...base, boundStrides: [p1 + 1] } }] },
        "a base in other rows": { terms: [{ ...term, base: { ...base, rowStrides: [p0, 0, 2 * p2] } }] },
      };
      for (const [what, change] of Object.entries(wrong)) {
        const before = Array.from(step.traces[0].host());
        expect(() => run({ ...step, ...change }), what).toThrow(/traceStep/);
        expect(Array.from(step.traces[0].host())).toEqual(before);
      }
      expect(run(step)).toBe(true);
    });

    it("runs again from a recording, on other arrays too", () => {
      const backend = nativeBackend(addon, jsBackend, { threads, simd });
      const holds = fc.property(shapes(fc.integer({ min: 1, max: 40 })), (shape) => {
        const [once, again] = [stepOf({ ...shape, states: 1 }), stepOf({ ...shape, states: 1 })];
        const replay = backend.record?.([{ kind: "trace", step: again }]);
        if (!replay) throw new Error("expected a recording of a trace step, got none");
        for (let i = 0; i < 3; i++) {
          run(once);
          replay.run();
        }
        expect(again.traces).toEqual(once.traces);
        expect(again.gradient).toEqual(once.gradient);
        const moved = again.traces[0].copy();
        replay.port(again.traces[0])?.(moved);
        run(once);
        replay.run();
        expect(moved).toEqual(once.traces[0]);
      });
      fc.assert(holds, { numRuns: 60 });
    });
  },
);
