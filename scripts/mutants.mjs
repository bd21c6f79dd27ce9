// npm run test:mutants [-- --only PATTERN] [--jobs N] [--list]: multiplies the derivative of each op and coefficients of each
// learning rule by a wrong factor, one at a time, and demands a failing test for each. Exits 1 where one survives.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { allMutants } from "./mutants/all.mjs";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const { values } = parseArgs({
  options: { only: { type: "string" }, jobs: { type: "string", default: "2" }, list: { type: "boolean" } },
});
const only = values.only === undefined ? null : new RegExp(values.only);
const mutants = allMutants(root).filter(({ id, file }) => only === null || only.test(id) || only.test(file));
if (mutants.length === 0) throw new Error(`expected mutants that match ${only}, got none`);

const row = ({ id, what, file, line }, said, seconds) =>
  console.log(`| ${id}: ${what} | ${file}:${line} | ${said} | ${seconds} |`);

if (values.list) {
  for (const mutant of mutants) row(mutant, "", "");
  process.exit(0);
}

const started = performance.now();
const waiting = [...mutants];
const [survived, broken] = [[], []];
console.log("| mutant | place | killed by | seconds |\n|---|---|---|---|");

/** A process that takes mutants as long as there are any. */
const worker = () =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("mutants/worker.mjs", import.meta.url)), { cwd: root });
    let mutant = null;
    child.on("message", (found) => {
      if (mutant !== null) {
        const { killedBy, broken: isBroken, message, seconds } = found;
        if (killedBy === null) survived.push(mutant);
        else if (isBroken) broken.push(mutant);
        const said = killedBy === null ? "SURVIVED" : isBroken ? `BROKEN: ${message}` : killedBy;
        row(mutant, said.replaceAll("|", "\\|"), seconds.toFixed(1));
      }
      mutant = waiting.shift() ?? null;
      child.send(mutant);
    });
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`a worker ended with ${code} at ${mutant?.id}`)),
    );
  });
await Promise.all(Array.from({ length: Math.min(Number(values.jobs), mutants.length) }, worker));

const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `\n${mutants.length} mutants in ${seconds} s: ${mutants.length - survived.length - broken.length} killed, ${survived.length} survived, ${broken.length} did not run`,
);
for (const { id } of survived) console.log(`survived: ${id}`);
for (const { id } of broken) console.log(`did not run: ${id}`);
process.exit(survived.length + broken.length > 0 ? 1 : 0);
