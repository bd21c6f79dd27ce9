/**
 * A competitor's side of the protocol: one line of JSON for each request on stdin, one for its answer on stdout.
 *
 *     { work, sizes, dtype, repetitions: 0 }  ->  { check: [[sum, size], ...] } or { missing: "a sentence" }
 *     { work, sizes, dtype, repetitions: n }  ->  { ms }, of one repetition
 *     { forget: true }                        ->  {}, and all prepared works are dropped
 *     { versions: true }                      ->  names and versions of what computes
 *
 * `works` maps a name to a function of sizes that prepares and returns { run, check, steps }: `run` is one repetition of
 * `steps` steps (default 1), `check` gives the checksums of what the first ones compute.
 */
import { createInterface } from "node:readline";

export async function serve(works, versions) {
  const prepared = new Map();

  async function prepare({ work, sizes }) {
    if (!Object.hasOwn(works, work)) return { missing: `it has no work "${work}"` };
    const found = await works[work](...sizes);
    if (found.missing) return found;
    prepared.set(`${work} ${sizes}`, found);
    return { check: await found.check() };
  }

  async function time({ work, sizes, repetitions }) {
    const { run, steps = 1 } = prepared.get(`${work} ${sizes}`);
    // others had the caches meanwhile
    if (repetitions > 1) await run();
    const start = performance.now();
    for (let i = 0; i < repetitions; i++) {
      const result = run();
      // an await costs as much as a small op: only what is a promise is waited for
      if (result instanceof Promise) await result;
    }
    return { ms: (performance.now() - start) / repetitions / steps };
  }

  /** Garbage of one work is not to be collected in the time of another. */
  function forget() {
    prepared.clear();
    globalThis.gc?.();
  }

  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer = {};
    try {
      if (request.versions) answer = versions;
      else if (request.forget) forget();
      else answer = await (request.repetitions === 0 ? prepare(request) : time(request));
    } catch (error) {
      answer = { error: String(error?.stack ?? error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
