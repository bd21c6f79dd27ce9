import benchmark from "benchmark";
import lodash from "lodash";
import platform from "platform";

/** benchmark.js with what it would look for at run time, so that it works inside a bundle. */
export const Benchmark = benchmark.runInContext({ _: lodash, platform }) as unknown as typeof benchmark;
