/** Trees as bytes in the safetensors format: the same bits back, readable elsewhere, and nothing believed that is not checked. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arange,
  CheckpointError,
  grad,
  load,
  reshape,
  type Saved,
  save,
  tensor,
  transpose,
  zeros,
} from "../../src/index.js";
import { entries } from "../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../src/tensor/tensor.js";

/** A tree in which two are equal only where every bit is. */
function bits(node: unknown): unknown {
  if (isTensor(node)) {
    const data = entries(node);
    const bytes = [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
    return { dtype: node.dtype, shape: node.shape, bytes };
  }
  if (typeof node === "number") return Object.is(node, -0) ? "-0" : `${node}`;
  if (Array.isArray(node)) return node.map(bits);
  if (typeof node !== "object" || node === null) return [typeof node, node];
  return Object.keys(node).map((name) => [name, bits((node as Record<string, unknown>)[name])]);
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const tensors = fc
  .tuple(shapes, fc.constantFrom("float64", "float32", "int32", "bool"), fc.nat())
  .map(([shape, dtype, seed]) => {
    const n = shape.reduce((a, b) => a * b, 1);
    const odd = [Number.NaN, -0, Number.POSITIVE_INFINITY, 5e-324, -1.1, 3e38];
    const at = (i: number): number => (seed * 7919 + i * 104729) % 65537;
    const values = {
      float64: (i: number) => odd[at(i) % 9] ?? at(i) / 7,
      float32: (i: number) => Math.fround(odd[at(i) % 9] ?? at(i) / 7),
      int32: (i: number) => at(i) - 30000,
      bool: (i: number) => at(i) % 2,
    }[dtype];
    return tensor(
      Float64Array.from({ length: n }, (_, i) => values(i)),
      { dtype, shape },
    ) as Tensor;
  });
const names = fc.oneof(
  fc.constantFrom("W", "a.b", "__metadata__", "__proto__", "0", "", "é", "\ud800", 'a"b', "value"),
  fc.string({ maxLength: 6 }),
);
const trees = fc.letrec<{ tree: Saved }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    tensors,
    fc.oneof(fc.double(), fc.string({ maxLength: 4 }), fc.boolean(), fc.constantFrom(null, undefined)),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(names, tie("tree")), { selector: ([name]) => name, maxLength: 4 })
      .map((pairs) => Object.fromEntries(pairs) as Saved),
  ),
})).tree;

describe("a saved tree", () => {
  it("comes back to the bit, with the order of its keys", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        expect(bits(load(save(tree)))).toEqual(bits(tree));
      }),
      { numRuns: 500 },
    );
  });

  it("holds a tensor that stands in two places once, and gives one tensor for both", () => {
    const shared = zeros([1000]);
    const bytes = save({ a: shared, b: [shared] });
    expect(bytes.length).toBeLessThan(12_000);
    const { a, b } = load(bytes) as { a: Tensor; b: Tensor[] };
    expect(a).toBe(b[0]);
  });

  it("has views of larger tensors as what they show", () => {
    const view = transpose(reshape(arange(6), [2, 3]));
    expect(save(view).length).toBeLessThan(300);
    expect((load(save(view)) as Tensor).toArray()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  });

  it("is the same bytes for the same tree, aligned for whoever reads numbers in place", () => {
    const tree = { x: tensor([1, 2]), n: 3 };
    expect(save(tree)).toEqual(save(tree));
    const length = Number(new DataView(save(tree).buffer).getBigUint64(0, true));
    expect((length + 8) % 8).toBe(0);
  });

  it("is refused where it is none, or where numbers are followed", () => {
    expect(() => save(new Map())).toThrow("save: expected tensors in plain objects and arrays, got a Map");
    expect(() => save({ a: [() => 1] })).toThrow(/^save: expected tensors .* at "a.0"$/);
    const loss = (x: Tensor): Tensor => {
      save({ x });
      return x.sum();
    };
    expect(() => grad(loss)(tensor([1, 2]))).toThrow(
      'save: expected tensors with numbers, got one that a transformation follows at "x"',
    );
  });
});

/** A header of one's own before some bytes. */
function file(header: unknown, data: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const entry = (over: object = {}): object => ({ dtype: "F32", shape: [1], data_offsets: [0, 4], ...over });
const outline = (tree: unknown): object => ({
  format: "onward",
  version: "1",
  "onward.tree": typeof tree === "string" ? tree : JSON.stringify(tree),
});

describe("bytes", () => {
  it.each<[string, unknown, string]>([
    ["text", "abc", "expected the bytes of a file as a Uint8Array, got a string"],
    ["nothing", new Uint8Array(), "expected a file in the safetensors format, got 0 bytes"],
    [
      "a length beyond the file",
      new Uint8Array(16).fill(255),
      "expected a header of at most 8 bytes, got one of 18446744073709551615",
    ],
    ["no JSON", file("{"), "expected a header in JSON, got other bytes"],
    [
      "bytes that are no UTF-8",
      new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 255]),
      "expected a header in JSON, got other bytes",
    ],
    ["a list", file([]), "expected a header of names, got an array"],
    ["a deep list", file("[".repeat(1e5)), "expected a header in JSON, got other bytes"],
    [
      "a name twice",
      file(
        `{"a":${JSON.stringify(entry())},"\\u0061":${JSON.stringify(entry({ dtype: "I32" }))}}`,
        [0, 0, 0, 0],
      ),
      'expected every name of the header once, got "a" twice',
    ],
    [
      "an unknown dtype",
      file({ a: entry({ dtype: "BF16" }) }),
      'expected the dtype F64, F32, I32, BOOL of "a", got "BF16"',
    ],
    [
      "a size below 0",
      file({ a: entry({ shape: [-1] }) }),
      'expected a shape of at most 64 sizes of "a", got an array',
    ],
    [
      "sizes that overflow",
      file({ a: entry({ shape: [65536, 65536] }) }),
      'expected at most 2147483647 entries of "a", got 4294967296',
    ],
    [
      "bytes for another shape",
      file({ a: entry({ shape: [2] }) }, [0, 0, 0, 0]),
      'expected 8 bytes of "a", got 4',
    ],
    [
      "offsets in disorder",
      file({ a: entry({ data_offsets: [4, 0] }) }),
      'expected two data_offsets in order of "a", got an array',
    ],
    [
      "a gap",
      file({ a: entry({ data_offsets: [4, 8] }) }, [0, 0, 0, 0, 0, 0, 0, 0]),
      'expected the bytes of "a" to begin at 0, got 4',
    ],
    [
      "an overlap",
      file({ a: entry(), b: entry() }, [0, 0, 0, 0]),
      'expected the bytes of "b" to begin at 4, got 0',
    ],
    ["bytes left over", file({ a: entry() }, [0, 0, 0, 0, 0]), "expected 4 bytes of numbers, got 5"],
    ["bytes missing", file({ a: entry() }, [0, 0, 0]), "expected 4 bytes of numbers, got 3"],
    [
      "another word",
      file({ a: entry({ color: 1 }) }),
      'expected dtype, shape and data_offsets alone of "a", got "color"',
    ],
    [
      "metadata that are no texts",
      file({ __metadata__: { a: 1 } }),
      "expected __metadata__ to be texts by name, got a plain object",
    ],
    [
      "a truth value of 2",
      file({ a: entry({ dtype: "BOOL", data_offsets: [0, 1] }) }, [2]),
      'expected 0 or 1 in "a", got 2',
    ],
    [
      "a later version",
      file({ __metadata__: { format: "onward", version: "9", "onward.tree": "[]" } }),
      'expected version 1 of the outline, got "9"',
    ],
    [
      "our format without its outline",
      file({ __metadata__: { format: "onward", version: "1" } }),
      "expected the format onward and an outline of its tree together, got one alone",
    ],
    [
      "an outline of another format",
      file({ __metadata__: { format: "pt", "onward.tree": "[]" } }),
      "expected the format onward and an outline of its tree together, got one alone",
    ],
    [
      "a garbled outline",
      file({ __metadata__: outline(["list"]) }),
      "expected the outline of a tree in the metadata, got something else",
    ],
    [
      "an outline without an end in sight",
      file({ __metadata__: outline(`${'["list",['.repeat(5000)}${"]]".repeat(5000)}`) }),
      "expected the outline of a tree in the metadata, got something else",
    ],
    [
      "a number that is none",
      file({ __metadata__: outline(["number", "1e"]) }),
      "expected the outline of a tree in the metadata, got something else",
    ],
    [
      "a tensor that is missing",
      file({ __metadata__: outline(["tensor", "a"]) }),
      'expected a tensor "a" in the file, got none',
    ],
    [
      "a tensor without a place",
      file({ a: entry(), __metadata__: outline(["null"]) }, [0, 0, 0, 0]),
      'expected a place in the tree for "a", got none',
    ],
  ])("of %s are refused in one sentence", (_, bytes, sentence) => {
    expect(() => load(bytes as Uint8Array)).toThrow(new CheckpointError(`load: ${sentence}`));
  });

  it("that were changed anywhere give a tree or a sentence, and never more memory than they have", () => {
    const whole = save({
      W: tensor([
        [1, 2],
        [3, 4],
      ]),
      list: [tensor([true, false]), 1.5, "text", null],
      n: tensor(2, { dtype: "int32" }),
    });
    let [loaded, refused] = [0, 0];
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      to: fc.integer({ min: 0, max: 255 }),
      cut: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let bytes = whole.slice();
        for (const { at, to, cut } of changes) {
          bytes[at % bytes.length] = to;
          if (cut === 0) bytes = bytes.slice(0, Math.max(1, at));
        }
        try {
          save(load(bytes));
          loaded++;
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
          expect((error as Error).message).toMatch(/^load: [^\n]*$/);
          refused++;
        }
      }),
      { numRuns: 3000 },
    );
    // changed numbers are numbers; the rest of the file is not
    expect(loaded).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(loaded);
  });
});

/** Written by safetensors 0.8 of Python: see the last test for how. */
const fromPython =
  "SAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIjoiYnkgaGFuZCJ9LCJub25lIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlswLDNdLCJkYXRhX29mZnNldHMiOlswLDBdfSwidyI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzAsMjRdfSwiYS5iIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOlsyNCw0OF19LCJzdGVwIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOls0OCw1Ml19LCJtYXNrIjp7ImR0eXBlIjoiQk9PTCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzUyLDU0XX19ICAgICAgAAAAAAAA+D8AAAAAAAD4fwAAAAAAAACAAAAAAAAAgD8AAABAAABAQAAAgEAAAKBABwAAAAEA";

const python = process.env.ONWARD_PYTHON || "python3";
const isThere = spawnSync(python, ["-c", "import numpy, safetensors"]).status === 0;

describe("files of Python's safetensors", () => {
  const expected = {
    none: zeros([0, 3]),
    w: tensor([1.5, Number.NaN, -0]),
    "a.b": tensor(
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      { dtype: "float32" },
    ),
    step: tensor(7, { dtype: "int32" }),
    mask: tensor([true, false]),
  };

  it("are read, tensors by their names", () => {
    const found = load(Uint8Array.from(Buffer.from(fromPython, "base64")));
    expect(bits(found)).toEqual(bits(expected));
  });

  it.skipIf(!isThere)(
    isThere
      ? "are read and written by either side"
      : "(skipped: python3, or ONWARD_PYTHON, does not import safetensors)",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "onward-saved-"));
      try {
        const [ours, theirs] = [join(folder, "ours"), join(folder, "theirs")];
        writeFileSync(
          ours,
          save({ layers: [{ "a.b": expected["a.b"] }], mask: expected.mask, w: expected.w, n: 3 }),
        );
        const script = `
import sys
from safetensors.numpy import load_file, save_file
found = load_file(sys.argv[1])
assert sorted(found) == ['layers.0["a.b"]', "mask", "w"], sorted(found)
assert found["mask"].tolist() == [True, False] and found["w"][0] == 1.5
save_file({name: array for name, array in found.items()}, sys.argv[2], {"made": "by hand"})`;
        const { status, stderr } = spawnSync(python, ["-c", script, ours, theirs], { encoding: "utf8" });
        expect(`${status} ${stderr}`).toBe("0 ");
        const found = load(readFileSync(theirs)) as Record<string, Tensor>;
        expect(bits(found['layers.0["a.b"]'])).toEqual(bits(expected["a.b"]));
        expect(bits(found.w)).toEqual(bits(expected.w));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
