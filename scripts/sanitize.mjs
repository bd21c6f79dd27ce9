// npm run test:sanitize [-- test files]: builds the addon with the address and undefined-behavior sanitizers of GCC into
// build/Sanitized, and runs the tests on it; test/backends/native-lifetimes.test.ts is what was written for it. Leaks are not looked for: Node itself keeps what it has until it ends.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = `${root}build/Sanitized`;
const run = (program, args, env = {}) =>
  execFileSync(program, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });

run("cmake", [
  ...["-S", "native", "-B", "build/sanitize"],
  "-DONWARD_SANITIZE=address,undefined",
  `-DONWARD_OUTPUT=${output}`,
]);
run("cmake", ["--build", "build/sanitize", "--parallel", "2"]);

// the sanitizers have to be there before Node's own allocations
const library = (name) => execFileSync("c++", [`-print-file-name=${name}`], { encoding: "utf8" }).trim();
// the packed package runs in processes of its own, where nothing of this is there
const skipped = ["--exclude", "test/package/**"];
run("npx", ["vitest", "run", "--testTimeout", "1800000", ...skipped, ...process.argv.slice(2)], {
  LD_PRELOAD: `${library("libasan.so")} ${library("libubsan.so")}`,
  ASAN_OPTIONS: "detect_leaks=0",
  UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
  ONWARD_ADDON: `${output}/onward.node`,
});
