import { DataError, OnwardError } from "../../core/errors.js";
import { type Model, network } from "../../learn/index.js";
import { isModuleFile, loadModule } from "../check/load-module.js";
import { subjectsOf } from "../check/subjects.js";

export interface Named {
  readonly name: string;
  readonly model: Model<never>;
}

/** The cells, kinds of cells and models that a module exports, as models: a cell is a stack of one. @throws DataError */
export async function modelsOfModule(
  file: string,
  { input, units }: { readonly input: readonly number[]; readonly units: readonly number[] },
): Promise<Named[]> {
  if (!isModuleFile(file))
    throw new DataError(`plan: expected a module (.ts, .mts, .js, .mjs), got ${file}`, file);
  const exported = await loadModule(file, "plan");
  const subjects = subjectsOf(exported);
  if (subjects.length === 0)
    throw new DataError(
      `plan: expected ${file} to export a cell, a kind of cell or a model, got ${Object.keys(exported).join(", ") || "no exports"}`,
      file,
    );
  return subjects.map((subject) => {
    if (subject.kind === "model") return { name: subject.name, model: subject.value as Model<never> };
    const { name, value } = subject;
    const cell = ofUser(file, name, () =>
      typeof value === "function" ? value({ input, units: units[0] }) : value,
    );
    return { name, model: ofUser(file, name, () => network([cell])) as Model<never> };
  });
}

/** What code of the user's gives; what it throws is an error of the file. */
export function ofUser<R>(file: string, name: string, run: () => R): R {
  try {
    return run();
  } catch (error) {
    if (error instanceof OnwardError) throw error;
    throw new DataError(`plan: ${name} of ${file} must run, got "${String(error).split("\n")[0]}"`, file);
  }
}
