import type { DType } from "../../core/dtype.js";
import { ArgumentError } from "../../core/errors.js";
import type { Model, ModelParams } from "../../learn/model.js";
import type { Plan } from "../../learn/plan.js";
import type { Command } from "../command.js";
import { countOf } from "../options.js";

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
      .option("--preset <name>", "an R-JEPA preset, such as nano")
      .option("--cells <names>", "a stack of cells instead, bottom to top: mingru,gru")
      .option("--input <sizes>", "input of the stack: 32, or 3x16x16 for convolutional cells", "32")
      .option("--units <sizes>", "units of each cell: 64, or 64,32", "64")
      .option("--batch <n>", "streams in parallel", "1")
      .option("--steps <T>", "steps that bptt records", "100")
      .option("--window <H>", "steps that the influence crosses at once, or auto")
      .option("--dtype <name>", "float64 or float32", "float64")
      .option("--json", "print JSON")
      .action(async (options: Options) => {
        const { plan } = await import("../../learn/plan.js");
        if (options.dtype !== "float64" && options.dtype !== "float32")
          throw new ArgumentError(`--dtype: expected float64 or float32, got "${options.dtype}"`);
        const batch = countOf("--batch", options.batch);
        const { model, ...example } = await subjectOf(options, { batch, dtype: options.dtype });
        const found = plan(model, {
          ...example,
          steps: countOf("--steps", options.steps),
          window: options.window === "auto" ? "auto" : countOf("--window", options.window ?? "1"),
        });
        process.stdout.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : await table(found));
      });
  },
};

interface Subject {
  readonly model: Model<never>;
  /** One time step of data, so that the loss is counted. */
  readonly sample: never;
  readonly params?: ModelParams;
}

async function subjectOf(options: Options, sizes: { batch: number; dtype: DType }): Promise<Subject> {
  const { zeros } = await import("../../index.js");
  if (options.cells === undefined) {
    const { jepa, presetNamed } = await import("../../rjepa/index.js");
    const { model, example } = jepa({ preset: presetNamed(options.preset ?? "nano"), steps: 8 });
    return { model, ...example(sizes) } as unknown as Subject;
  }
  const { stackOf } = await import("../stacks.js");
  const model = stackOf({
    cells: options.cells.split(","),
    input: options.input.split("x").map((n) => countOf("--input", n)),
    units: options.units.split(",").map((u) => countOf("--units", u)),
  });
  const { areas } = model;
  const [input, target] = [areas[0].geometry.input, areas[areas.length - 1].outputShape].map((shape) =>
    zeros([sizes.batch, ...shape], { dtype: sizes.dtype }),
  );
  return { model, sample: { input, target } } as unknown as Subject;
}

async function table(found: Plan): Promise<string> {
  const { formatBytes } = await import("../../learn/memory.js");
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
  const { bytes } = found;
  const totals: [string, number, string][] = [
    ["rfp, credit exact", bytes.rfpExact, "flat in T"],
    ...(found.window > 1
      ? [
          [`rfp, window ${found.window}`, bytes.rfpWindow, "flat in T, with the record of a block"] as [
            string,
            number,
            string,
          ],
        ]
      : []),
    ["rfp, credit local", bytes.rfpLocal, "flat in T; biased below a recurrent area"],
    ["rtrl", bytes.rtrl, "flat in T"],
    ["bptt", bytes.bptt, `T = ${found.steps}; smaller than exact rfp below T = ${found.bpttSmallerBelow}`],
  ];
  return [
    textTable(head, rows),
    `tied a=b: axis a of the state and axis b of the parameter are stored as one (axis 0 of a state is the batch)`,
    `${found.parameters} parameters, ${found.dtype}, batch ${found.batch}`,
    ...totals.map(([name, n, note]) => `${name.padEnd(18)} ${formatBytes(n).padStart(10)}  ${note}`),
    ...found.warnings,
    "",
  ].join("\n");
}
