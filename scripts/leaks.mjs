// npm run test:leaks [-- lifetimes]: learners come and go a thousand times under valgrind, which must find nothing lost.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const lifetimes = process.argv[2] ?? "1000";
const program = fileURLToPath(new URL("leaks/lifetimes.mjs", import.meta.url));
// V8 writes code as it goes, and looks through its own stack for pointers, read or not: only leaks count
const valgrind = ["--leak-check=full", "--errors-for-leak-kinds=definite", "--undef-value-errors=no"];
execFileSync(
  "valgrind",
  [
    ...valgrind,
    "--smc-check=all-non-file",
    "--error-exitcode=1",
    process.execPath,
    "--expose-gc",
    "--single-threaded",
    program,
    lifetimes,
  ],
  { stdio: "inherit", env: { ...process.env, ONWARD_BACKEND: "native" } },
);
