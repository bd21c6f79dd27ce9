/** What docs/precision.md states of kernels, between the marks `<!-- NAME -->` and `<!-- end of NAME -->`. */
import { addonKernels } from "../../src/device/catalogue/addon.js";
import { pointwise } from "../../src/device/catalogue/catalogue.js";
import { float32Bounds, float32SumBounds } from "../../src/testing/float32.js";

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

const table = (header: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [header, header.map(() => "---"), ...rows]
    .map((row) => `| ${row.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n")
    .replaceAll(" --- ", "---");

/** Names by what is said of them, in order of that. */
function grouped<T>(
  entries: readonly (readonly [string, T])[],
  key: (value: T) => readonly number[],
): [T, string[]][] {
  const groups = new Map<string, [T, string[]]>();
  for (const [name, value] of entries) {
    const found = groups.get(`${key(value)}`);
    if (found) found[1].push(name);
    else groups.set(`${key(value)}`, [value, [name]]);
  }
  const differing = (a: readonly number[], b: readonly number[]): number => {
    const i = a.findIndex((v, j) => v !== b[j]);
    return i < 0 ? 0 : a[i] - b[i];
  };
  return [...groups.values()].sort(([a], [b]) => differing(key(a), key(b)));
}

const rows = Object.entries(pointwise);

const blocks: Readonly<Record<string, () => string>> = {
  "integer ops": () =>
    code(rows.flatMap(([name, { dtypes, float32 }]) => (float32 && dtypes.includes("int32") ? [name] : []))),
  "float32 bounds": () =>
    table(
      ["ops", "value", "derivative"],
      grouped(Object.entries(float32Bounds), ({ value, derivative }) => [value, derivative]).map(
        ([{ value, derivative }, names]) => [code(names), value, derivative],
      ),
    ),
  "float32 sums": () =>
    table(
      ["op", "value", "derivative", "in units of 2^-24 times"],
      Object.entries(float32SumBounds).map(([name, b]) => [code([name]), b.value, b.derivative, b.scale]),
    ),
  "units apart": () =>
    table(
      ["pointwise kernels", "units in the last place of float64"],
      grouped(rows, ({ apart, apartOf }) => [apart, apartOf]).map(([{ apart, apartOf }, names]) => [
        code(names),
        apartOf ? `${apart}, of ${apartOf} where the result is smaller` : apart,
      ]),
    ),
  "narrow kernels": () => code(addonKernels.narrow1),
};

/** The page with every block written anew. */
export function withBlocks(page: string): string {
  return Object.entries(blocks).reduce((text, [name, block]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`docs/precision.md: expected ${open} and ${close}, got less`);
    return `${text.slice(0, from + open.length)}\n\n${block()}\n\n${text.slice(to)}`;
  }, page);
}
