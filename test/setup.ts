import fc from "fast-check";

// Without it, cases differ from run to run, and a failure prints the seed that it came from.
const seed = process.env.ONWARD_TEST_SEED;
if (seed) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
