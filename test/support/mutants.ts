/** Changes to a saved file as an accident makes them, the same for the same seed. */

/** Numbers in [0, 1) (Mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Mutant {
  readonly what: string;
  readonly text: string;
}

/** A byte exchanged, left out, put in or doubled, a stretch exchanged, or the end cut off. */
export function byteMutant(text: string, random: () => number): Mutant {
  const bytes = Buffer.from(text);
  const at = Math.floor(random() * bytes.length);
  const byte = Math.floor(random() * 256);
  const digit = 48 + Math.floor(random() * 10);
  const kinds: readonly (readonly [string, () => Buffer])[] = [
    ["flips a bit of", () => put(bytes, at, bytes[at] ^ (1 << (byte % 8)))],
    ["writes a digit to", () => put(bytes, at, digit)],
    ["writes any byte to", () => put(bytes, at, byte)],
    ["leaves out", () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])],
    [
      "puts a digit before",
      () => Buffer.concat([bytes.subarray(0, at), Buffer.of(digit), bytes.subarray(at)]),
    ],
    ["doubles", () => Buffer.concat([bytes.subarray(0, at + 1), bytes.subarray(at)])],
    ["cuts before", () => bytes.subarray(0, at)],
    ["exchanges with its neighbor", () => swapped(bytes, at)],
  ];
  const [what, make] = kinds[Math.floor(random() * kinds.length)];
  return { what: `${what} byte ${at}`, text: make().toString("utf8") };
}

const put = (bytes: Buffer, at: number, byte: number): Buffer => {
  const out = Buffer.from(bytes);
  out[at] = byte;
  return out;
};

function swapped(bytes: Buffer, at: number): Buffer {
  const next = (at + 1) % bytes.length;
  const out = Buffer.from(bytes);
  [out[at], out[next]] = [bytes[next], bytes[at]];
  return out;
}

/** What may stand where something else stood. */
const strangers: readonly unknown[] = [
  null,
  true,
  "",
  "-0",
  "NaN",
  0,
  -1,
  0.5,
  1e308,
  1e-320,
  2 ** 53,
  [],
  {},
  [[]],
  { length: 3 },
  { shape: [1], dtype: "float64", data: [0] },
  "__proto__",
];

/** A member of an object or list anywhere in the JSON left out, renamed, exchanged, doubled, emptied or of another kind. */
export function fieldMutant(text: string, random: () => number): Mutant {
  const content = JSON.parse(text) as unknown;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  let [node, path] = [content as Record<string, unknown>, "file"];
  // half of the way down is as likely as all of it
  for (;;) {
    const inner = Object.keys(node).filter((k) => typeof node[k] === "object" && node[k] !== null);
    if (inner.length === 0 || random() < 0.2) break;
    const name = pick(inner);
    [node, path] = [node[name] as Record<string, unknown>, `${path}.${name}`];
  }
  const names = Object.keys(node);
  if (names.length === 0) return { what: `nothing in ${path}`, text };
  const [name, other] = [pick(names), pick(names)];
  const value = node[name];
  const kinds: readonly (readonly [string, () => void])[] = [
    ["leaves out", () => (Array.isArray(node) ? node.splice(Number(name), 1) : delete node[name])],
    ["replaces", () => Object.assign(node, { [name]: pick(strangers) })],
    ["exchanges", () => Object.assign(node, { [name]: node[other], [other]: value })],
    [
      "renames",
      () => {
        delete node[name];
        node[`${name}${pick(["", "_", "0", " "])}x`] = value;
      },
    ],
    ["adds beside", () => Object.defineProperty(node, pick(["x", "__proto__", "constructor"]), plain(value))],
    ["turns the order of", () => Array.isArray(value) && value.reverse()],
    [
      "multiplies",
      () => typeof value === "number" && Object.assign(node, { [name]: value * (1 + 2 ** -50) }),
    ],
    ["makes text of", () => Object.assign(node, { [name]: String(value) })],
    ["wraps", () => Object.assign(node, { [name]: [value] })],
  ];
  const [what, make] = pick(kinds);
  make();
  return { what: `${what} ${path}.${name}`, text: JSON.stringify(content) };
}

const plain = (value: unknown): PropertyDescriptor => ({
  value,
  enumerable: true,
  writable: true,
  configurable: true,
});
