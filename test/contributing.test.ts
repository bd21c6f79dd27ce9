import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { placed, stepsOf } from "./support/contributing.js";
import { missing } from "./support/native.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
const steps = stepsOf(page);

/** The tests that must have passed in the copy, in which titles hold what. */
const covered: readonly RegExp[] = [
  // the op: its derivatives in every reading, its digits, float32, and C++
  /^the catalogue of kernels is what native\/kernels\/names\.h says/,
  /^log2 #\d+ .* jvp agrees with central differences$/,
  /^log2 #\d+ .* pullback is the transpose of the jvp$/,
  /^log2 #\d+ .* second derivatives by all inputs agree/,
  /log2 keeps its digits, with both derivatives$/,
  /^float32 pointwise ops stay within their bounds .* log2$/,
  ...(missing === null ? [/^native pointwise kernels agree with the reference, \w+ log2$/] : []),
  // the cell: what it says of itself, and every exact rule on it
  /^integrator states its sizes$/,
  ...["rfp", "rtrl", "fptt"].map(
    (rule) => new RegExp(`^'${rule}' equals backpropagation through time on integrator$`),
  ),
  // the rule
  /^'stepwise' equals backpropagation through time on integrator$/,
  /^'stepwise' equals backpropagation through time on stacks of vector cells$/,
];

/** The project without what is built or installed. */
const left = new Set([".git", "node_modules", "build", "dist", "runs", "coverage"]);
let copy: string;
const passed: string[] = [];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "onward-contributing-"));
  cpSync(root, copy, { recursive: true, filter: (from) => !left.has(relative(root, from)) });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Neither this run of tests nor its settings are those of the copy. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|ONWARD_(?!TEST_SEED)|NODE_ENV$|LD_PRELOAD$|npm_)/.test(name),
  ),
);

/** Runs a command in the copy. @throws Error with all that it said, where it fails */
const run = (command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile("sh", ["-c", command], { cwd: copy, env, maxBuffer: 2 ** 26 }, (error, out, err) =>
      error ? reject(new Error(`${command}\n${out}\n${err}`)) : resolve(out),
    );
  });

/** What of Vitest's report is read. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs a command; where it runs tests, those that passed are noted. */
async function follow(command: string): Promise<void> {
  if (!command.startsWith("npx vitest run")) {
    await run(command);
    return;
  }
  await run(`${command} --reporter=default --reporter=json --outputFile=build/report.json`);
  const report: Report = JSON.parse(readFileSync(join(copy, "build/report.json"), "utf8"));
  const found = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ fullName, status }) => (status === "passed" ? [fullName] : [])),
  );
  // a filter that fits no title is no failure to Vitest
  expect(found.length, "tests that passed").toBeGreaterThan(0);
  passed.push(...found);
}

const hasMpmath = (): Promise<boolean> =>
  run('python3 -c "import mpmath"').then(
    () => true,
    () => false,
  );

describe("CONTRIBUTING.md, done as it says", { timeout: 1_800_000 }, () => {
  it.each(steps.map((step, i) => [i + 1, step.kind === "run" ? step.command : step.file, step] as const))(
    "step %i: %s",
    async (_, title, step) => {
      if (step.kind === "run") {
        if (title !== "npm run build:native" || missing === null) await follow(step.command);
        return;
      }
      const file = join(copy, step.file);
      writeFileSync(file, placed(existsSync(file) ? readFileSync(file, "utf8") : null, step));
    },
  );

  it("covered the new op, cell and rule", () => {
    expect(covered.filter((title) => !passed.some((name) => title.test(name)))).toEqual([]);
  });

  it("shows the oracle that its script writes", async ({ skip }) => {
    const command = /`(python3 [^`]+)`/.exec(page)?.[1] as string;
    if (!(await hasMpmath())) skip("mpmath is not installed");
    const oracle = join(copy, "test/oracles/tails/log2.json");
    const shown = readFileSync(oracle, "utf8");
    await run(command);
    expect(readFileSync(oracle, "utf8")).toBe(shown);
  });
});
