/**
 * The head of a file in the safetensors format (Hugging Face 2022): 8 bytes of length, JSON that says where each tensor lies,
 * and the bytes of all tensors, little-endian and without gaps. Nothing is believed before it is checked.
 */
import { bytesPerElement, type DType, mostEntries } from "../../core/dtype.js";
import { CheckpointError } from "../../core/errors.js";
import { isPlain, kindOf, quote } from "../../core/kinds.js";
import { mostAxes } from "../../core/shape.js";

/** Where a tensor lies among the bytes that follow the head. */
export interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of length and JSON. */
  readonly size: number;
}

const lengthBytes = 8;
/** As the format's own reader has it. */
const longestHeader = 100_000_000;
const alignment = 8;
const metadataName = "__metadata__";
const names: Readonly<Record<DType, string>> = { float64: "F64", float32: "F32", int32: "I32", bool: "BOOL" };
const dtypes = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));

/** Length and JSON, padded with spaces so that the numbers after it are aligned. */
export function writeHeader({ entries, metadata }: Omit<Header, "size">): Uint8Array {
  const all = [
    [metadataName, metadata] as const,
    ...entries.map(
      ({ name, dtype, shape, begin, end }) =>
        [name, { dtype: names[dtype], shape, data_offsets: [begin, end] }] as const,
    ),
  ];
  // not as an object, whose keys would be sorted where they are digits
  const json = `{${all.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / alignment) * alignment;
  const bytes = new Uint8Array(lengthBytes + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, lengthBytes);
  return bytes;
}

/** Whether a name is not for tensors. */
export const isReserved = (name: string): boolean => name === metadataName;

/** @throws CheckpointError for bytes that are no such file */
export function readHeader(who: string, bytes: Uint8Array): Header {
  const fail = (expected: string, got: string): CheckpointError =>
    new CheckpointError(`${who}: expected ${expected}, got ${got}`);
  if (bytes.length < lengthBytes) throw fail("a file in the safetensors format", `${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const most = Math.min(longestHeader, bytes.length - lengthBytes);
  if (length > most) throw fail(`a header of at most ${most} bytes`, `one of ${length}`);
  const size = lengthBytes + Number(length);
  // a copy: decoders take no memory that is shared
  const found = jsonOf(who, bytes.slice(lengthBytes, size));
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(found)) {
    if (isReserved(name)) metadata = textsOf(who, value);
    else entries.push(entryOf(who, name, value));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) throw fail(`the bytes of ${quote(name)} to begin at ${at}`, `${begin}`);
    at = end;
  }
  if (at !== bytes.length - size) throw fail(`${at} bytes of numbers`, `${bytes.length - size}`);
  return { entries, metadata, size };
}

function jsonOf(who: string, bytes: Uint8Array): Record<string, unknown> {
  let found: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    found = JSON.parse(text);
  } catch {
    throw new CheckpointError(`${who}: expected a header in JSON, got other bytes`);
  }
  if (!isPlain(found)) throw new CheckpointError(`${who}: expected a header of names, got ${kindOf(found)}`);
  const twice = repeatedName(text);
  if (twice !== null)
    throw new CheckpointError(`${who}: expected every name of the header once, got ${quote(twice)} twice`);
  return found;
}

/** A name that an object of valid JSON has twice, of which a parser would keep the last; `null` where none has. */
function repeatedName(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  let last = "";
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const name = JSON.parse(last) as string;
      const seen = open[open.length - 1] as Set<string>;
      if (seen.has(name)) return name;
      seen.add(name);
    } else last = token;
  }
  return null;
}

function textsOf(who: string, value: unknown): Record<string, string> {
  if (!isPlain(value) || !Object.values(value).every((text) => typeof text === "string"))
    throw new CheckpointError(`${who}: expected ${metadataName} to be texts by name, got ${kindOf(value)}`);
  return value as Record<string, string>;
}

function entryOf(who: string, name: string, value: unknown): Entry {
  const fail = (expected: string, got: string): CheckpointError =>
    new CheckpointError(`${who}: expected ${expected} of ${quote(name)}, got ${got}`);
  if (!isPlain(value)) throw fail("dtype, shape and data_offsets", kindOf(value));
  const { dtype: given, shape, data_offsets: offsets, ...others } = value;
  const [other] = Object.keys(others);
  if (other !== undefined) throw fail("dtype, shape and data_offsets alone", quote(other));
  const dtype = typeof given === "string" ? dtypes.get(given) : undefined;
  if (dtype === undefined)
    throw fail(
      `the dtype ${[...dtypes.keys()].join(", ")}`,
      typeof given === "string" ? quote(given) : kindOf(given),
    );
  if (!isWholeList(shape) || shape.length > mostAxes || shape.some((n) => n > mostEntries))
    throw fail(`a shape of at most ${mostAxes} sizes`, kindOf(shape));
  if (!isWholeList(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    throw fail("two data_offsets in order", kindOf(offsets));
  const entries = shape.includes(0) ? 0 : shape.reduce((n, m) => n * m, 1);
  if (entries > mostEntries) throw fail(`at most ${mostEntries} entries`, `${entries}`);
  const [begin, end] = offsets;
  if (entries * bytesPerElement[dtype] !== end - begin)
    throw fail(`${entries * bytesPerElement[dtype]} bytes`, `${end - begin}`);
  return { name, dtype, shape, begin, end };
}

const isWholeList = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
