import type { Command as Program } from "commander";
import type { DType } from "../../core/dtype.js";
import { ArgumentError } from "../../core/errors.js";
import type { Model, ModelParams } from "../../learn/model/model.js";
import type { Plan } from "../../learn/plan/plan.js";
import type { Command } from "../command.js";
import { countOf, countsOf, refuseGiven } from "../options.js";
import { jsonOf, print } from "../terminal.js";

interface Options {
  readonly preset?: string;
  readonly cells?: string;
  readonly input: string;
  readonly units: string;
  readonly batch: string;
  readonly steps: string;
  readonly dtype: string;
  readonly window?: string;
  readonly json?: boolean;
}

export const command: Command = {
  name: "plan",
  summary: "what each learning rule would hold in memory, what is tied and what broke a tie",
  configure(program) {
    program
      .argument(
        "[file]",
        "module that exports cells or models (.ts, .mts, .js, .mjs), which is run: plan only code that you trust",
      )
      .option("--preset <name>", "an R-JEPA preset, such as content, the default where nothing else is named")
      .option("--cells <names>", "a stack of cells instead, bottom to top: mingru,gru")
      .option(
        "--input <sizes>",
        "input of the stack, or of kinds of cells in the module: 32, or 3x16x16 for convolutional cells",
        "32",
      )
      .option("--units <sizes>", "units of each cell: 64, or 64,32", "64")
      .option("--batch <n>", "streams in parallel", "1")
      .option("--steps <T>", "steps that bptt records", "100")
      .option("--window <H>", "steps that the influence crosses at once, or auto")
      .option("--dtype <name>", "float64 or float32", "float64")
      .option("--json", "print JSON")
      .action(async (file: string | undefined, options: Options, self: Program) => {
        const { plan } = await import("../../learn/plan/plan.js");
        const settings = {
          batch: countOf("--batch", options.batch),
          steps: countOf("--steps", options.steps),
          dtype: dtypeOf(options.dtype),
          window: windowOf(options.window ?? "1"),
        };
        const sizes = {
          input: countsOf("--input", options.input, "x"),
          units: countsOf("--units", options.units),
        };
        await import("../../index.js");
        const shown = async (found: Plan): Promise<string> =>
          `${await table(found)}${options.window === "auto" ? autoInWords(found.window) : ""}`;
        if (file === undefined) {
          const { model, ...example } = await subjectOf(options, sizes, settings, self);
          const found = plan(model, { ...settings, ...example });
          print(options.json ? `${jsonOf(found, 2)}\n` : await shown(found));
          return;
        }
        refuseGiven(self, ["preset", "cells"], "no module beside it");
        const { modelsOfModule, ofUser } = await import("../plan/module.js");
        const found = (await modelsOfModule(file, sizes)).map(({ name, model }) => ({
          name,
          plan: ofUser(file, name, () => plan(model, settings)),
        }));
        if (options.json) print(`${jsonOf(Object.fromEntries(found.map((f) => [f.name, f.plan])), 2)}\n`);
        else for (const one of found) print(`${one.name}\n${await shown(one.plan)}\n`);
      });
  },
};

interface Subject {
  readonly model: Model<never>;
  /** One time step of data, so that the loss is counted. */
  readonly sample: never;
  readonly params?: ModelParams;
}

function dtypeOf(text: string): "float64" | "float32" {
  if (text !== "float64" && text !== "float32")
    throw new ArgumentError(`--dtype: expected float64 or float32, got "${text}"`);
  return text;
}

function windowOf(text: string): number | "auto" {
  if (text === "auto") return text;
  if (!/^[1-9]\d*$/.test(text))
    throw new ArgumentError(`--window: expected a whole number of at least 1, or auto, got "${text}"`);
  return countOf("--window", text);
}

interface Sizes {
  readonly input: readonly number[];
  readonly units: readonly number[];
}

async function subjectOf(
  { cells, preset }: Options,
  sizes: Sizes,
  { batch, dtype }: { readonly batch: number; readonly dtype: DType },
  self: Program,
): Promise<Subject> {
  const { zeros } = await import("../../index.js");
  if (cells === undefined) {
    refuseGiven(self, ["input", "units"], "--cells or a module with it");
    const { jepa, presetNamed } = await import("../../rjepa/index.js");
    const { exampleOf } = await import("../../rjepa/parts/example.js");
    const made = jepa({ preset: presetNamed(preset ?? "content"), steps: 8 });
    return { model: made.model, ...exampleOf(made, { batch, dtype }) } as unknown as Subject;
  }
  refuseGiven(self, ["preset"], "no --cells beside it");
  const names = cells.split(",");
  if (sizes.units.length > names.length)
    throw new ArgumentError(
      `--units: expected at most ${names.length}, one per cell, got ${sizes.units.length}`,
    );
  const { stackOf } = await import("../stacks.js");
  const model = stackOf({ cells: names, ...sizes });
  const { areas } = model;
  const [input, target] = [areas[0].geometry.input, areas[areas.length - 1].outputShape].map((shape) =>
    zeros([batch, ...shape], { dtype }),
  );
  return { model, sample: { input, target } } as unknown as Subject;
}

/** Three digits, and thousands as k, M, G. */
function countInWords(n: number): string {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, n)) / 3));
  return `${Number((n / 1000 ** power).toPrecision(3))}${["", " k", " M", " G"][power]}`;
}

const autoInWords = (window: number): string =>
  `window auto: ${window === 1 ? "single steps, as the influence is small or blocks would save too little" : `single steps first, then blocks of ${window}`}\n`;

async function table(found: Plan): Promise<string> {
  const { formatBytes } = await import("../../core/bytes.js");
  const { textTable } = await import("../table.js");
  const head = ["area", "cell", "parameter", "bytes", "states", "tied", "broken by"];
  const rows = found.rows.map((r) => [
    `${r.area}`,
    r.cell,
    r.parameter,
    formatBytes(r.bytes),
    r.states.join(" "),
    r.tied.map((t) => `${t.state}=${t.parameter}`).join(" ") || "-",
    r.broken.map((b) => `[${b.parameter}] ${b.by}`).join("; "),
  ]);
  const { bytes, multiplyAdds } = found;
  const counted = (n: number): string => `${countInWords(n)} multiply-adds a step`;
  const totals: [string, number, string][] = [
    ["rfp, credit exact", bytes.rfpExact, `flat in T; ${counted(multiplyAdds.rfpExact)}`],
    ...(found.window > 1
      ? [
          [
            `rfp, window ${found.window}`,
            bytes.rfpWindow,
            `flat in T, with the record of a block; ${counted(multiplyAdds.rfpWindow)}`,
          ] as [string, number, string],
        ]
      : []),
    // where no block leads from one area to another there is none to leave out
    [
      "rfp, credit local",
      bytes.rfpLocal,
      `flat in T; ${bytes.rfpLocal === bytes.rfpExact ? "exact here, as no area influences another" : "biased below a recurrent area"}`,
    ],
    ["rtrl", bytes.rtrl, `flat in T; ${counted(multiplyAdds.rtrl)}`],
    ["bptt", bytes.bptt, `T = ${found.steps}; smaller than exact rfp below T = ${found.bpttSmallerBelow}`],
  ];
  return [
    textTable(head, rows),
    `tied a=b: axis a of the state and axis b of the parameter are stored as one (axis 0 of a state is the batch)`,
    `${found.parameters} parameters, ${found.dtype}, batch ${found.batch}`,
    ...totals.map(([name, n, note]) => `${name.padEnd(18)} ${formatBytes(n).padStart(10)}  ${note}`),
    found.opByOp === null ? "steps are replayed" : `steps run op by op: ${found.opByOp}`,
    ...found.warnings,
    "",
  ].join("\n");
}
