import { execFile } from "node:child_process";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { cells } from "../../src/cells/index.js";
import { checkModule } from "../../src/cli/check/module.js";
import { type CheckReport, formatReport } from "../../src/cli/check/report.js";
import { add } from "../../src/index.js";
import { stack } from "../../src/learn/index.js";
import * as broken from "../support/broken-cells.js";
import { newFolder } from "../support/images.js";
import { fusedSliced } from "../support/odd-cells.js";
import type { Ran } from "../support/run-onward.js";

const home = fileURLToPath(new URL("../../", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/**
 * Runs the command line once per list of arguments, from its sources, in a process of its own: Vitest has a module loader
 * of its own too.
 */
function onward(lists: readonly (readonly string[])[], from = home): Promise<Ran[]> {
  const script = join(from, "test/support/run-onward.ts");
  const args = ["--import", tsx, script, JSON.stringify(lists.map((list) => ["check", ...list]))];
  return new Promise((done, fail) => {
    // a copy of the sources elsewhere has no addon beside it
    const env = from === home ? process.env : { ...process.env, ONWARD_BACKEND: "js" };
    execFile(process.execPath, args, { env }, (error, out, err) => {
      if (error || err) fail(new Error(err || error?.message));
      else done(JSON.parse(out) as Ran[]);
    });
  });
}

const head = `import { add, mul, sigmoid, slice, sub, tanh, type Tensor } from "onward";
import { defineCell, drive } from "onward/cells";
`;
const folder = await newFolder();
const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
await mkdir(join(folder, "parts"));
await write("parts/squash.ts", `${head}export const squash = (v: Tensor): Tensor => tanh(v);`);
await write(
  "mine.ts",
  `${head}import { squash } from "./parts/squash.js";
enum Gate { Open = 1 }
export const cell = defineCell({
  name: "mine",
  equations: "z = σ(Wz x); h' = (1−z)⊙h + z⊙tanh(W x)",
  locality: "unit",
  states: ["h"],
  shapes: ({ input, units: n }) => ({ Wz: [n, ...input], W: [n, ...input] }),
  next: (p, { h }, x) => {
    const z: Tensor = sigmoid(drive(x, p.Wz));
    return { h: add(mul(sub(Gate.Open, z), h), mul(z, squash(drive(x, p.W)))) };
  },
  output: (_, { h }) => h,
});
export default cell;
`,
);
await write(
  "fused.mts",
  `${head}export const fused = defineCell({
  name: "fused",
  equations: "u = W x; h' = σ(u₁)⊙h + tanh(u₂)",
  locality: "unit",
  states: ["h"],
  shapes: ({ input, units: n }) => ({ W: [2 * n, ...input] }),
  next: (p, { h }, x, { units: n }) => {
    const u = drive(x, p.W);

    const gate = slice(u, [null, [0, n]]);
    return { h: add(mul(sigmoid(gate), h), tanh(slice(u, [null, [n, 2 * n]]))) };
  },
  output: (_, { h }) => h,
});
`,
);
await write(
  "model.mjs",
  `import { cells } from "onward/cells";
import { stack } from "onward/learn";
export const model = stack([cells.mingru({ input: 2, units: 3 }), cells.gru({ input: 3, units: 2 })]);
`,
);
await write("syntax.ts", "export const a = 1;\nexport const b = {;\n");
await write("syntax.mjs", "export const b = {;\n");
await write("throws.mjs", 'throw new RangeError("no luck");\n');
await write("package.mjs", 'import "no-such-package";\n');
await write("nothing.ts", "export const a: number = 1;\nexport function f() {}\n");
await mkdir(join(folder, "folder.ts"));

const mistakes: readonly (readonly [string, RegExp])[] = [
  ["none.ts", /cannot read .*none\.ts: no such file$/],
  ["folder.ts", /cannot read .*folder\.ts: expected a file, got a folder$/],
  [
    "syntax.ts",
    /syntax\.ts must be a module without syntax errors, got "SyntaxError: Expected identifier .* at line 2 of .*syntax\.ts"$/,
  ],
  [
    "syntax.mjs",
    /syntax\.mjs must be a module without syntax errors, got "SyntaxError: Unexpected token ';'"$/,
  ],
  ["throws.mjs", /throws\.mjs must import without an error, got "RangeError: no luck"$/],
  [
    "package.mjs",
    /package\.mjs must import without an error, got ".*Cannot find package 'no-such-package'.*"$/,
  ],
  ["nothing.ts", /expected .*nothing\.ts to export a cell, a kind of cell or a model, got a, f$/],
];

describe("onward check of a module", () => {
  const at = (name: string): string => join(folder, name);
  const ran = onward([
    [at("mine.ts"), "--runs", "2", "--seed", "3"],
    [at("fused.mts"), "--runs", "1", "--rule", "rfp"],
    [at("model.mjs"), "--rule", "tbptt(2)", "--json", "--seed", "5"],
    ...mistakes.map(([name]) => [at(name)]),
  ]);

  it("tests a cell in TypeScript, on the library that the command runs on", async () => {
    const { status, out } = (await ran)[0];
    const lines = out.trim().split("\n");
    // exported twice, checked once
    expect(lines.map((line) => line.slice(0, 18).trim())).toEqual([
      "ok   cell one step",
      "ok   cell fptt",
      "ok   cell rfp",
      "ok   cell rtrl",
      "ok   cell ties",
      "all 5 cases within",
    ]);
    expect(lines[2]).toMatch(/^ok {3}cell rfp {7}\d\.\de-1\d {2}2 cases$/);
    expect(lines[4]).toMatch(/unit: 24 numbers of influence, 96 without ties$/);
    expect(lines[5]).toMatch(/^all 5 cases within what is allowed, worst \d\.\de-\d+; seed 3$/);
    expect(status).toBe(0);
  });

  it("names the line of a .mts file that breaks a tie, and exits with 1", async () => {
    const { status, out } = (await ran)[1];
    expect(out).toMatch(
      /^FAIL fused ties {6}expectTied: fused: the influence of W .* its axis 0 broken by slice at .*fused\.mts:12: 96 numbers a stream instead of k·p = 24$/m,
    );
    expect(out).toMatch(/^1 of 3 cases beyond what is allowed, worst .*; seed \d+$/m);
    expect(status).toBe(1);
  });

  it("holds a model against backpropagation through time, as JSON", async () => {
    const { status, out } = (await ran)[2];
    const report = JSON.parse(out) as CheckReport;
    expect(report).toMatchObject({ ok: false, tolerance: null, seed: 5 });
    const [found] = report.cases;
    expect(found).toMatchObject({ name: "model tbptt(2)", ok: false });
    // the first sequence longer than the window
    expect(found.why).toContain('replay: checkLearner("tbptt(2)", model, { seed: 7, steps: 3, batch: 3 })');
    expect(Object.keys(found.parameters)).toContain("areas.1.Un");
    expect(status).toBe(1);
  });

  it.each(mistakes.map(([name, sentence], i) => [name, sentence, i] as const))(
    "says in one sentence what is wrong with %s",
    async (_, sentence, i) => {
      const { status, out, err } = (await ran)[3 + i];
      expect([status, out]).toEqual([1, ""]);
      expect(err.trim()).toMatch(sentence);
      expect(err.trim().split("\n")).toHaveLength(1);
      expect(err).toMatch(/^onward: check: /);
    },
  );

  it("says what to install where esbuild or fast-check is not there", async () => {
    const bare = await newFolder();
    for (const part of ["src", "package.json", "test/support/run-onward.ts"])
      await cp(join(home, part), join(bare, part), { recursive: true });
    await mkdir(join(bare, "node_modules"));
    for (const name of ["commander", "cli-progress"])
      await symlink(join(home, "node_modules", name), join(bare, "node_modules", name));
    const [typescript, javascript] = await onward([[at("mine.ts")], [at("model.mjs")]], bare);
    expect(javascript).toEqual({
      status: 1,
      out: "",
      err: "onward: check: modules are tested with fast-check, which is not there; npm install --save-dev fast-check\n",
    });
    // newer Node reads TypeScript itself
    const itself = Boolean((process.features as { typescript?: unknown }).typescript);
    expect(typescript.err).toMatch(
      itself
        ? /syntax/
        : /^onward: check: .*mine\.ts is TypeScript, which this Node does not read; npm install --save-dev esbuild, or use Node 22\.18 or newer\n$/,
    );
  });
});

describe("what a module exports", () => {
  const check = (exported: object, options = {}): Promise<CheckReport> =>
    checkModule("file.js", exported as Record<string, unknown>, {
      runs: 1,
      seed: 1,
      rule: "rfp",
      ...options,
    });
  const names = async (exported: object): Promise<string[]> =>
    (await check(exported)).cases.map((c) => c.name);
  const leaky = cells.leaky({ input: 2, units: 3 });

  it("is found by what it is: kinds, cells, models, in lists and objects too", async () => {
    const three = (name: string): string[] => [`${name} one step`, `${name} rfp`, `${name} ties`];
    expect(await names({ default: cells.mingru, a: 1, text: "x", no: null, f: add })).toEqual(
      three("mingru"),
    );
    expect(await names({ default: leaky, mine: leaky })).toEqual(three("mine"));
    expect(await names({ list: [cells.vanilla, 2], set: { leaky } })).toEqual([
      ...three("list.0"),
      ...three("set.leaky"),
    ]);
    expect(await names({ m: stack([leaky]) })).toEqual(["m rfp"]);
  });

  it("fails with all that is to be said, and neither hides nor stops the rest", async () => {
    const report = await check({ w: broken.wrongJvp, fused: fusedSliced, right: broken.right });
    expect(report.ok).toBe(false);
    expect(report.cases.map((c) => [c.name, c.ok])).toEqual([
      ["w", false],
      ["fused one step", true],
      ["fused rfp", true],
      ["fused ties", false],
      ["right one step", true],
      ["right rfp", true],
      ["right ties", true],
    ]);
    const text = formatReport(report);
    expect(text).toMatch(/^FAIL w {15}checkCell: wrongJvp: the forward derivative/m);
    expect(text).toMatch(/^ {2}params\.W +\d\.\d\de-\d+ +1\.000000 +1\.01\d+$/m);
    expect(text).toMatch(/^2 of 7 cases beyond what is allowed, worst .*; seed 1$/m);
  });

  it("may be refused by a rule, and is then neither passed nor failed", async () => {
    const report = await check(
      { m: stack([leaky, cells.lstm({ input: 3, units: 2 })]) },
      { rule: "fptt", runs: 5 },
    );
    expect(report.ok).toBe(false);
    expect(report.cases[0].refused).toMatch(/^fptt: expected/);
    expect(formatReport(report)).toMatch(/^-- {3}m fptt {2}fptt: .*\n0 of 0 cases beyond/);
  });

  it("says what a dense cell could claim, and what local credit gets wrong", async () => {
    const timid = { ...leaky, locality: "dense" };
    expect(formatReport(await check({ timid }))).toContain(
      "dense: nothing is claimed, although the recurrence stays within each unit; ",
    );
    const deep = { m: stack([leaky, cells.leaky({ input: 3, units: 2 })]) };
    expect((await check(deep, { credit: "local", runs: 3 })).ok).toBe(false);
    expect((await check(deep, { runs: 3 })).ok).toBe(true);
  });

  it("is told when a model takes other samples than random ones", async () => {
    const m = stack<{ deep: { x: never } }>([leaky], { loss: ({ sample }) => sample.deep.x });
    expect((await check({ m })).cases[0].why).toMatch(
      /^check: m rfp must take random samples \{input, target\}, got "Cannot read properties of undefined .*"\n {2}replay: /,
    );
  });
});
