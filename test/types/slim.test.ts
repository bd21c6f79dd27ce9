import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { complaints, root } from "./_compiler.js";

const user = (entry: string) =>
  `import { grad, type Tensor, tanh, tensor } from "${entry}";
export const derivative = grad((x: Tensor) => tanh(x))(tensor(0.5));
export const chained = derivative.tanh();
`;

describe("onward/slim", () => {
  it("declares tensors without methods, onward with them", () => {
    expect(complaints({ "user.ts": user("onward/slim") })).toEqual([
      "user.ts:3: TS2339: Property 'tanh' does not exist on type 'Tensor'.",
    ]);
    expect(complaints({ "user.ts": user("onward") })).toEqual([]);
  }, 60_000);

  it("is made of files that compile where tensors have none: they call functions", () => {
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
    const program = ts.createProgram([join(root, "src/entry/slim.ts")], options);
    const files = program.getSourceFiles().map(({ fileName }) => fileName);
    expect(files.some((file) => file.endsWith("src/ops/reduce.ts"))).toBe(true);
    expect(files.filter((file) => file.endsWith("src/ops/methods.ts"))).toEqual([]);
    const found = ts.getPreEmitDiagnostics(program);
    expect(found.map(({ file, messageText }) => [file?.fileName, messageText])).toEqual([]);
  }, 60_000);
});
