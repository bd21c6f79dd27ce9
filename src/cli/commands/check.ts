import { readFile } from "node:fs/promises";
import { ArgumentError, DataError } from "../../core/errors.js";
import type { CheckReport } from "../check/report.js";
import type { Command } from "../command.js";
import { creditOf } from "../options.js";

interface Options {
  readonly rule: string;
  readonly credit: string;
  readonly backend?: string;
  readonly json?: boolean;
}

export const command: Command = {
  name: "check",
  summary: "compares gradients with a file of known ones; exit status 1 when a case fails",
  configure(program) {
    program
      .argument("<file>", "recurrent gradients or derivatives of scalar functions, JSON")
      .option("--rule <name>", "learning rule, for recurrent gradients", "rfp")
      .option("--credit <name>", "exact or local", "exact")
      .option("--backend <name>", "backend to compute with")
      .option("--json", "print {ok, tolerance, cases}")
      .action(async (file: string, options: Options) => {
        const { formatReport } = await import("../check/report.js");
        const report = await run(file, options);
        process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : formatReport(report));
        if (!report.ok) process.exitCode = 1;
      });
  },
};

async function run(file: string, options: Options): Promise<CheckReport> {
  const { useBackend } = await import("../../index.js");
  const { ruleNamed } = await import("../../learn/index.js");
  const { checkRecurrent, isRecurrentFile } = await import("../check/recurrent.js");
  const { checkDerivatives, isDerivativeFile } = await import("../check/derivatives.js");
  if (options.backend) useBackend(options.backend);
  const credit = creditOf(options.credit);
  if (credit === "local" && options.rule !== "rfp")
    throw new ArgumentError(`check: --credit local belongs to the rule rfp, got --rule ${options.rule}`);
  ruleNamed(options.rule);
  const content = await readJson(file);
  if (isRecurrentFile(content)) return checkRecurrent(content, options.rule, { credit });
  if (isDerivativeFile(content)) return checkDerivatives(content);
  throw new DataError(
    `check: expected a list of recurrent cases or of derivatives in ${file}, got neither`,
    file,
  );
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new DataError(
      `check: cannot read ${file}: ${missing ? "no such file" : (error as Error).message}`,
      file,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new DataError(`check: expected JSON in ${file}`, file);
  }
}
