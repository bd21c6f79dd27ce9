/** Trees of tensors as bytes, and back: the same bits, and readable wherever the safetensors format is. */
import { allocate, bytesPerElement, type DType } from "../../core/dtype.js";
import { ArgumentError, CheckpointError } from "../../core/errors.js";
import { isA, kindOf, quote } from "../../core/kinds.js";
import type { Shape } from "../../core/shape.js";
import { mapTree, type Tree } from "../../core/tree.js";
import { isList, namesOf } from "../../core/tree-node.js";
import { at } from "../../core/tree-path.js";
import { fromData } from "../apply.js";
import { entries } from "../read.js";
import { isTensor, type Tensor } from "../tensor.js";
import { type Entry, isReserved, readHeader, writeHeader } from "./header.js";
import { type Node, nodeOf, type Plain, treeOf } from "./outline.js";

/** What a file holds: tensors, numbers, texts and truth values in plain objects and arrays. */
export type Saved = Tree<Tensor | number | string | boolean | null | undefined>;

const [format, version] = ["onward", "1"];
/** Where metadata keep the outline: a name that no other writer uses. */
const outlineName = "onward.tree";

/** Whether the numbers of this machine lie with their last byte first, as in files. */
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Tensors that are to be written, under names of their own; one that stands in two places is written once. */
class Written {
  readonly entries: Entry[] = [];
  readonly tensors: Tensor[] = [];
  bytes = 0;
  private readonly known = new Map<Tensor, string>();
  private readonly taken = new Set<string>();

  nameOf(t: Tensor, path: string): string {
    const known = this.known.get(t);
    if (known !== undefined) return known;
    if (t.value.kind !== "dense")
      throw new ArgumentError(
        `save: expected tensors with numbers, got ${t.value.kind === "followed" ? "one that a transformation follows" : "a shape without data"}${at(path)}`,
      );
    let name = path === "" ? "value" : path;
    while (this.taken.has(name) || isReserved(name)) name += "'";
    this.taken.add(name);
    this.known.set(t, name);
    const end = this.bytes + t.size * bytesPerElement[t.dtype];
    this.entries.push({ name, dtype: t.dtype, shape: t.shape, begin: this.bytes, end });
    this.tensors.push(t);
    this.bytes = end;
    return name;
  }
}

const isLeaf = (node: unknown): node is Tensor | Plain =>
  isTensor(node) || node === null || ["number", "string", "boolean", "undefined"].includes(typeof node);

/**
 * A tree as bytes in the safetensors format (Hugging Face 2022), which Python, Rust and others read: every tensor under its
 * path, such as `areas.0.W`. `load` gives the same tree, to the bit. Leaves are tensors, numbers, texts, truth values and
 * `null`; a tensor that stands in two places is written once, and is one tensor again.
 * @throws ArgumentError for a tensor that a transformation follows @throws ShapeError for what is no tree
 */
export function save(tree: unknown): Uint8Array {
  const written = new Written();
  const root = outlineOf(tree, (t, path) => written.nameOf(t, path));
  const metadata = { format, version, [outlineName]: JSON.stringify(root) };
  const header = writeHeader({ entries: written.entries, metadata });
  const bytes = allocate("bool", header.length + written.bytes, "save") as Uint8Array;
  bytes.set(header);
  written.entries.forEach(({ begin, end }, i) => {
    bytes.subarray(header.length + begin, header.length + end).set(fileBytes(entries(written.tensors[i])));
  });
  return bytes;
}

/** Numbers as they lie in a file, with their last byte first; a view of them where they lie so in memory. */
export function fileBytes(values: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (isLittleEndian) return bytes;
  const copy = bytes.slice();
  turn(copy, values.BYTES_PER_ELEMENT);
  return copy;
}

/** A tensor whose numbers are written elsewhere. */
export interface Outlined {
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * The head of a file that is too large to be held: after it come the bytes of the tensors, in their order. `load` gives a record
 * of these and of `plain`; `texts` are for other readers, as metadata.
 */
export function headOf(
  tensors: Readonly<Record<string, Outlined>>,
  plain: Readonly<Record<string, unknown>>,
  texts: Readonly<Record<string, string>>,
): Uint8Array {
  let end = 0;
  const placed = Object.entries(tensors).map(([name, { dtype, shape }]): Entry => {
    const begin = end;
    end += shape.reduce((n, m) => n * m, 1) * bytesPerElement[dtype];
    return { name, dtype, shape, begin, end };
  });
  const outline: Node = [
    "record",
    [
      ...Object.keys(tensors).map((name) => [name, ["tensor", name]] as const),
      ...Object.entries(plain).map(([name, value]) => [name, outlineOf(value, () => name)] as const),
    ],
  ];
  const metadata = { ...texts, format, version, [outlineName]: JSON.stringify(outline) };
  return writeHeader({ entries: placed, metadata });
}

/** Nodes for a tree, with the names that `named` gives to its tensors. */
function outlineOf(tree: unknown, named: (t: Tensor, path: string) => string): Node {
  // first as a tree, so that what is none is refused as everywhere
  const nodes = new Map<object, Node>();
  const leaves = mapTree(
    tree,
    isLeaf,
    (leaf, path) => {
      const mark = {};
      nodes.set(mark, isTensor(leaf) ? ["tensor", named(leaf, path)] : nodeOf(leaf));
      return mark;
    },
    "save",
  );
  const visit = (node: unknown): Node => {
    const leaf = nodes.get(node as object);
    if (leaf !== undefined) return leaf;
    if (isList(node)) return ["list", node.map(visit)];
    const record = node as Readonly<Record<string, unknown>>;
    return ["record", (namesOf(record) ?? []).map((name) => [name, visit(record[name])])];
  };
  return visit(leaves);
}

/**
 * The tree in such bytes. Of a file that `save` has not written: its tensors by their names.
 * T is the caller's word for what was saved, which nothing holds it to.
 * @param bytes of a whole file; they are copied
 * @throws CheckpointError for anything else, and for dtypes other than F64, F32, I32 and BOOL
 */
export function load<T = Saved>(bytes: Uint8Array | ArrayBuffer): T {
  const given = bytesOf(bytes);
  const { entries: found, metadata, size } = readHeader("load", given);
  const tensors = new Map(
    found.map((entry) => [entry.name, tensorOf(entry, given.subarray(size + entry.begin, size + entry.end))]),
  );
  const outline = metadata[outlineName];
  const isOurs = metadata.format === format;
  if (!isOurs && outline === undefined) return Object.fromEntries(tensors) as T;
  if (!isOurs || outline === undefined)
    throw new CheckpointError(
      `load: expected the format ${format} and an outline of its tree together, got one alone`,
    );
  if (metadata.version !== version)
    throw new CheckpointError(
      `load: expected version ${version} of the outline, got ${quote(`${metadata.version}`)}`,
    );
  const used = new Set<string>();
  const tree = treeOf("load", outline, (name) => {
    const t = tensors.get(name);
    if (t === undefined)
      throw new CheckpointError(`load: expected a tensor ${quote(name)} in the file, got none`);
    used.add(name);
    return t;
  });
  const left = found.find(({ name }) => !used.has(name));
  if (left) throw new CheckpointError(`load: expected a place in the tree for ${quote(left.name)}, got none`);
  return tree as T;
}

function bytesOf(bytes: unknown): Uint8Array {
  if (isA(Uint8Array, bytes)) return bytes;
  if (isA(ArrayBuffer, bytes)) return new Uint8Array(bytes);
  throw new CheckpointError(`load: expected the bytes of a file as a Uint8Array, got ${kindOf(bytes)}`);
}

function tensorOf({ name, dtype, shape }: Entry, bytes: Uint8Array): Tensor {
  const width = bytesPerElement[dtype];
  const data = allocate(dtype, bytes.length / width, "load");
  const own = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  own.set(bytes);
  if (!isLittleEndian) turn(own, width);
  const odd = dtype === "bool" ? own.find((b) => b > 1) : undefined;
  if (odd !== undefined) throw new CheckpointError(`load: expected 0 or 1 in ${quote(name)}, got ${odd}`);
  return fromData(data, shape, dtype);
}

/** Turns the bytes of each number around. */
function turn(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}
