import { ArgumentError, DataError } from "../../core/errors.js";
import type { CheckReport } from "../check/report.js";
import type { Command } from "../command.js";
import { countOf, creditOf } from "../options.js";
import { jsonOf, print } from "../terminal.js";

type Credit = ReturnType<typeof creditOf>;

interface Options {
  readonly rule?: string;
  readonly credit: string;
  readonly backend?: string;
  readonly runs?: string;
  readonly seed?: string;
  readonly json?: boolean;
}

export const command: Command = {
  name: "check",
  summary:
    "tests the cells and models of a module, or gradients against a file of known ones; exit status 1 on failure",
  configure(program) {
    program
      .argument(
        "<file>",
        "module that exports cells or models (.ts, .mts, .js, .mjs), which is run: check only code that you trust; or recurrent gradients, or derivatives of scalar functions, JSON",
      )
      .option(
        "--rule <name>",
        "learning rule; default: every exact rule for modules, rfp for recurrent gradients",
      )
      .option("--credit <name>", "exact or local", "exact")
      .option("--backend <name>", "backend to compute with")
      .option("--runs <n>", "random cases of each cell (default: 20) or model (default: 5) of a module")
      .option("--seed <n>", "of the random cases of a module; default: another each time")
      .option("--json", "print {ok, tolerance, cases}, and the seed of random cases")
      .action(async (file: string, options: Options) => {
        const { formatReport } = await import("../check/report.js");
        const report = await run(file, options);
        print(options.json ? `${jsonOf(report)}\n` : formatReport(report));
        if (!report.ok) process.exitCode = 1;
      });
  },
};

async function run(file: string, options: Options): Promise<CheckReport> {
  const { useBackend } = await import("../../index.js");
  const { ruleNamed } = await import("../../learn/index.js");
  const { isModuleFile } = await import("../check/load-module.js");
  if (options.backend) useBackend(options.backend);
  const credit = creditOf(options.credit);
  if (credit === "local" && (options.rule ?? (isModuleFile(file) ? "every exact rule" : "rfp")) !== "rfp")
    throw new ArgumentError(
      `check: --credit local belongs to the rule rfp, got ${options.rule ? `--rule ${options.rule}` : "every exact rule"}`,
    );
  if (options.rule) ruleNamed(options.rule);
  return isModuleFile(file) ? checkModuleFile(file, options, credit) : checkOracle(file, options, credit);
}

async function checkModuleFile(file: string, options: Options, credit: Credit): Promise<CheckReport> {
  const { rule } = options;
  const runs = options.runs === undefined ? undefined : countOf("--runs", options.runs);
  const seed =
    options.seed === undefined
      ? Math.floor(Math.random() * 2 ** 31)
      : countOf("--seed", options.seed, -(2 ** 31), Number.MAX_SAFE_INTEGER);
  const { loadModule } = await import("../check/load-module.js");
  const exported = await loadModule(file);
  const { checkModule } = await import("../check/module.js");
  return checkModule(file, exported, { rule, credit, runs, seed });
}

async function checkOracle(file: string, options: Options, credit: Credit): Promise<CheckReport> {
  if (options.runs !== undefined || options.seed !== undefined)
    throw new ArgumentError(`check: --runs and --seed belong to modules, got ${file}`);
  const { checkRecurrent, isRecurrentFile } = await import("../check/recurrent.js");
  const { checkDerivatives, isDerivativeFile } = await import("../check/derivatives.js");
  const { readJson } = await import("../../data/node/read.js");
  const content = await readJson("check", file);
  if (isRecurrentFile(content)) return checkRecurrent(content, options.rule ?? "rfp", { credit });
  if (isDerivativeFile(content)) return checkDerivatives(content);
  throw new DataError(
    `check: expected a list of recurrent cases or of derivatives in ${file}, got neither`,
    file,
  );
}
