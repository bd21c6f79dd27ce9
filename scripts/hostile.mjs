// Calls every public function with hostile values, on each backend: `npm run test:hostile -- [SEED] [CALLS]`.
import { register } from "tsx/esm/api";

register();
const { runChild } = await import("../test/hostile/run.ts");
const { backendNames } = await import("../src/index.ts");

const [seed = Math.floor(Math.random() * 2 ** 31), calls = 200_000] = process.argv.slice(2).map(Number);
const perProcess = 25_000;
console.log(`seed ${seed}`);
for (const backend of backendNames()) {
  const sums = { calls: 0, values: 0, refused: 0, own: 0 };
  const faults = [];
  for (let done = 0; done < calls; done += perProcess) {
    const found = runChild(backend, Math.min(perProcess, calls - done), seed + done);
    for (const name of Object.keys(sums)) sums[name] += found[name];
    for (const kind of ["foreign", "malformed", "slow", "unsaid"])
      faults.push(...found[kind].map((line) => `${kind}, seed ${seed + done}: ${line}`));
  }
  const { values, refused, own } = sums;
  console.log(
    `${backend}: ${sums.calls} calls: ${values} values, ${refused} refused in words, ${own} errors of the caller's own, ${faults.length} faults`,
  );
  for (const line of faults) console.log(`  ${line}`);
  if (faults.length > 0) process.exitCode = 1;
}
