import { describe, expect, it } from "vitest";
import { ShapeError } from "../../src/core/errors.js";
import { isAlike, ordered, pairLeaves } from "../../src/core/pair-leaves.js";
import { fillTree, leavesOf, mapTree } from "../../src/core/tree.js";
import { at } from "../../src/core/tree-path.js";

const isLeaf = (node: unknown): node is number => typeof node === "number";
const paths = (tree: unknown): string[] => leavesOf(tree, isLeaf).map(({ path }) => path);
const words = { who: "f", reference: "the first", other: "the second" };
const pairs = (a: unknown, b: unknown) =>
  pairLeaves(words, a, b, isLeaf).map(({ path, value, other }) => [path, value, other]);

describe("paths", () => {
  it("tell any two places apart", () => {
    const tree = {
      areas: [{ W: 1, "a.b": 2, a: { b: 3 } }],
      "": 4,
      "0": 5,
      "areas.0.W": 6,
      'x"]["y': 7,
      x: { y: 8 },
      θ: 9,
      "a b": 10,
      "\u001b[2J\n": 11,
    };
    const found = paths(tree);
    expect(new Set(found).size).toBe(11);
    expect(found).toContain("areas.0.W");
    expect(found).toContain('areas.0["a.b"]');
    expect(found).toContain("areas.0.a.b");
    expect(found).toContain('[""]');
    expect(found).toContain("θ");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(found.join("")).not.toMatch(/[\u0000-\u001f]/);
    expect(paths([1])).not.toEqual(paths({ 0: 1 }));
  });
  it("are short in sentences", () => {
    expect(at("")).toBe("");
    expect(at("a.b")).toBe(' at "a.b"');
    expect(at('["a.b"]')).toBe(' at ["a.b"]');
    expect(at("a.".repeat(1000)).length).toBeLessThan(90);
  });
});

describe("a tree", () => {
  it("keeps names that objects have a meaning for", () => {
    const tree = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "toString": 3}') as object;
    const twice = mapTree(tree, isLeaf, (v) => 2 * v) as object;
    expect(Object.keys(twice)).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.getPrototypeOf(twice)).toBe(Object.prototype);
    expect(JSON.stringify(twice)).toBe('{"__proto__":{"x":2},"constructor":4,"toString":6}');
    expect(pairs(tree, twice).map(([, a, b]) => [a, b])).toEqual([
      [1, 2],
      [2, 4],
      [3, 6],
    ]);
    expect(() => pairs({ constructor: 1 }, {})).toThrow('to have a tensor at "constructor", got nothing');
  });
  it("may have no prototype, or that of another realm", () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(paths(bare)).toEqual(["a"]);
    expect(paths(structuredClone({ a: [1] }))).toEqual(["a.0"]);
  });
  it("is filled with as many values as it has leaves", () => {
    expect(fillTree({ a: 1, b: [2] }, isLeaf, [3, 4])).toEqual({ a: 3, b: [4] });
    expect(() => fillTree({ a: 1 }, isLeaf, [1, 2])).toThrow("expected a value for each of 1 leaves, got 2");
    expect(() => fillTree({ a: 1, b: 2 }, isLeaf, [1])).toThrow("for each of 2 leaves, got 1");
  });

  class Layer {
    W = 1;
  }
  class List extends Array<number> {}
  const cyclic: Record<string, unknown> = { W: 1 };
  cyclic.list = [0, cyclic];
  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i++) deep = { a: deep };
  const thrower = {
    get W(): number {
      throw new Error("no");
    },
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  it.each([
    ["a Map", { areas: [new Map()] }, 'got a Map at "areas.0"'],
    ["a Set", { a: new Set() }, 'got a Set at "a"'],
    ["a date", { a: new Date() }, 'got a Date at "a"'],
    ["a promise", Promise.resolve(1), "got a Promise"],
    ["an instance of a class", { a: new Layer() }, 'got a Layer at "a"'],
    ["a list of a class", { a: new List() }, 'got a List at "a"'],
    ["a function", { a: () => 1 }, 'got a function at "a"'],
    ["an array of numbers", { a: new Float64Array(2) }, 'got a Float64Array at "a"'],
    ["a string", { "a.b": "W" }, 'got a string at ["a.b"]'],
    ["a cycle", cyclic, 'got a cycle at "list.1"'],
    ["ten thousand levels", deep, 'got more than 1000 levels at "a.a.'],
    ["a hole", Object.assign(new Array(3), { 0: 1 }), 'got a hole at "1"'],
    ["what cannot be read", thrower, 'got a property that cannot be read at "W"'],
    ["a proxy that is gone", { a: revoked.proxy }, 'got an object of a class at "a"'],
  ])("is not %s", (_, tree, sentence) => {
    const all = `f: expected tensors in plain objects and arrays, ${sentence}`;
    const acts = [() => leavesOf(tree, isLeaf, "f"), () => mapTree(tree, isLeaf, (v) => v, "f")];
    for (const act of acts) {
      expect(act).toThrow(ShapeError);
      expect(act).toThrow(all);
      expect(act).not.toThrow("\n");
    }
    expect(() => pairs(tree, tree)).toThrow(ShapeError);
    expect(() => pairs({ a: 1 }, tree)).toThrow(ShapeError);
    expect(isAlike({ a: 1 }, { a: tree }, isLeaf)).toBe(false);
  });
});

describe("two trees", () => {
  it("are paired by path, whatever the order of keys", () => {
    const a = { x: 1, y: { z: 2, "w.v": [3, 4] } };
    const b = { y: { "w.v": [30, 40], z: 20 }, x: 10 };
    expect(pairs(a, b)).toEqual([
      ["x", 1, 10],
      ["y.z", 2, 20],
      ['y["w.v"].0', 3, 30],
      ['y["w.v"].1', 4, 40],
    ]);
    expect(JSON.stringify(ordered(words, a, b, isLeaf))).toBe('{"x":10,"y":{"z":20,"w.v":[30,40]}}');
    const same = { x: 5, y: { z: 6, "w.v": [7, 8] } };
    expect(ordered(words, a, same, isLeaf)).toBe(same);
  });
  it("may differ in branches without leaves", () => {
    expect(pairs({ a: 1, none: null, empty: [] }, { empty: {}, a: 2 })).toEqual([["a", 1, 2]]);
    expect(pairs({ a: 1 }, { a: 2, none: undefined, empty: { list: [] } })).toEqual([["a", 1, 2]]);
  });
  it.each([
    ["a missing leaf", { a: 1, b: { c: 2 } }, { a: 1, b: {} }, 'a tensor at "b.c", got nothing'],
    ["a missing branch", { a: 1, b: [{ c: 2 }] }, { a: 1 }, 'a tensor at "b.0.c", got nothing'],
    ["another name", { a: 1 }, { b: 1 }, 'a tensor at "a", got nothing'],
    ["an extra leaf", { a: 1 }, { a: 1, b: { c: 2 } }, 'nothing at "b.c", got a tensor'],
    ["a longer array", { a: [1] }, { a: [1, 2] }, 'nothing at "a.1", got a tensor'],
    ["a shorter array", { a: [1, 2] }, { a: [1] }, 'a tensor at "a.1", got nothing'],
    ["an object for an array", { a: [1] }, { a: { 0: 1 } }, 'an array at "a", got an object'],
    ["an array for an object", { a: { 0: 1 } }, { a: [1] }, 'an object at "a", got an array'],
    ["a branch for a leaf", { a: 1 }, { a: [1] }, 'a tensor at "a", got an array'],
    ["a leaf for a branch", { a: [1] }, { a: 1 }, 'an array at "a", got a tensor'],
    ["a leaf for a null", { a: null }, { a: 1 }, 'nothing at "a", got a tensor'],
  ])("are not paired with %s", (_, a, b, sentence) => {
    expect(() => pairs(a, b)).toThrow(ShapeError);
    expect(() => pairs(a, b)).toThrow(`f: expected the second to have ${sentence}`);
    expect(isAlike(a, b, isLeaf)).toBe(false);
  });
  it("name the tree itself where it is a leaf", () => {
    expect(() => pairs(1, [1])).toThrow("f: expected the second to be a tensor, got an array");
    expect(() => pairs([1], 1)).toThrow("f: expected the second to be an array, got a tensor");
    expect(() => pairs({ a: 1 }, { a: new Map() })).toThrow('to have a tensor at "a", got a Map');
    expect(() => pairs({ a: [1] }, { a: new Map() })).toThrow(
      'f: expected tensors in plain objects and arrays as the second, got a Map at "a"',
    );
  });
});
