import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { run } from "../support/command-line.js";
import { newFolder, writeImage } from "../support/images.js";
import { readSources } from "../support/layout.js";

const onward = fileURLToPath(new URL("../../src/cli/onward.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const folder = await newFolder();

/** What a shell prints, where `onward` is the command from its sources. */
function shell(line: string, env: Record<string, string> = {}): Promise<string> {
  const all = { ...process.env, ONWARD: `${process.execPath} --import ${tsx} ${onward}`, DEBUG: "", ...env };
  return new Promise((done) => {
    execFile("bash", ["-c", line], { env: all }, (_, out, err) => done(out + err));
  });
}

const esc = String.fromCharCode(27);
const signals = [
  ["INT", 130],
  ["TERM", 143],
  ["HUP", 129],
] as const;

describe("a terminal", () => {
  it.each(signals)("is left as it was by SIG%s", { timeout: 120_000 }, async (signal, status) => {
    const [log, out] = [join(folder, `log-${signal}`), join(folder, `run-${signal}`)];
    // a run that would take minutes, ended once the bar is there
    const command = `stty cols 40; echo pid $$; exec $ONWARD train --recipe online --updates 9999 --sequences 24 --viewers 3 --out ${out}`;
    const said = await shell(`
      script -qefc '${command}' ${log} > /dev/null 2>&1 < /dev/null &
      for n in $(seq 300); do sleep 0.2; grep -aq 'train .*%' ${log} && break; done; sleep 2
      kill -${signal} $(grep -a '^pid ' ${log} | tr -dc 0-9)
      wait $!; echo status $?`);
    expect(said).toContain(`status ${status}\n`);
    const text = await readFile(log, "utf8");
    // no mode is ever changed, neither wrapping nor the cursor, so that nothing is to be restored
    expect(text).not.toContain(`${esc}[?`);
    const bars = text
      .split(/\r|\n/)
      .flatMap((line) => line.split(new RegExp(`${esc}\\[\\d*[GK]`)))
      .filter((part) => part.startsWith("train "));
    expect(bars.length).toBeGreaterThan(0);
    for (const bar of bars) expect([...bar].length).toBeLessThanOrEqual(40);
    // asked to end it saves; whose terminal is gone is killed, with what it saved before
    expect(existsSync(join(out, "checkpoint.safetensors"))).toBe(true);
    if (signal !== "HUP") expect(text).toContain("stopped; go on with: onward train --resume");
  });

  it("is told what a full disk and an early end are", { timeout: 60_000 }, async () => {
    await writeFile(join(folder, "exit.mjs"), "process.exit(0)");
    await writeFile(join(folder, "wait.mjs"), "await new Promise(() => {})");
    const said = await shell(`
      $ONWARD --help > /dev/full; echo status $?
      $ONWARD check ${join(folder, "exit.mjs")}; echo status $?
      $ONWARD check ${join(folder, "wait.mjs")}; echo status $?`);
    expect(said.match(/status \d/g)).toEqual(["status 1", "status 1", "status 1"]);
    expect(said).toContain("onward: cannot write to standard output: the disk is full\n");
    expect(said.match(/onward: expected to finish, but the process ended before/g)).toHaveLength(2);
    expect(said).not.toMatch(/^ +at /m);
  });

  it.each([
    ["ONWARD_BACKEND", "tpu", 'ONWARD_BACKEND: expected js or native, got "tpu"'],
    ["ONWARD_THREADS", "1e1", 'ONWARD_THREADS: expected an integer from 1 to 1024, got "1e1"'],
    ["ONWARD_SIMD", "\x1b[31mavx", 'ONWARD_SIMD: expected avx512 or avx2 or baseline, got "\\u001b[31mavx"'],
    ["ONWARD_BLAS", "mkl", 'ONWARD_BLAS: expected openblas or own, got "mkl"'],
    [
      "ONWARD_ADDON",
      "/none",
      'ONWARD_ADDON: expected the native addon, but ONWARD_ADDON names no file: "/none"',
    ],
  ])("is told in one sentence of a wrong %s", async (name, value, sentence) => {
    const said = await shell("$ONWARD info; echo status $?", { ONWARD_BACKEND: "", [name]: value });
    expect(said).toContain("status 1\n");
    expect(said).toContain(`onward: ${sentence}\n`);
    expect(said.trim().split("\n")).toHaveLength(2);
  });

  it("is told what the cells and models of a user's own module would hold", async () => {
    await writeFile(
      join(folder, "mine.mjs"),
      `import { cells } from "onward/cells";
import { stack } from "onward/learn";
export const kind = cells.mingru;
export const model = stack([{ ...cells.leaky({ input: 2, units: 3 }), pure: false }]);
`,
    );
    await writeFile(
      join(folder, "broken.mjs"),
      `import { cells } from "onward/cells";
export const cell = { ...cells.leaky({ input: 2, units: 3 }), next() { return nothing; } };
`,
    );
    const plans = JSON.parse(
      await shell(`$ONWARD plan ${join(folder, "mine.mjs")} --input 4 --units 5 --json`),
    );
    // two weights [5, 4] and two biases [5], one number each as all stay within their units
    expect([plans.kind.parameters, plans.kind.bytes.rfpExact]).toEqual([50, 400]);
    expect(plans.model.parameters).toBe(12);
    const said = await shell(
      `$ONWARD plan ${join(folder, "mine.mjs")}; $ONWARD plan ${join(folder, "broken.mjs")}`,
    );
    expect(said).toMatch(/^kind\narea +cell +parameter.*^model\narea +cell +parameter/ms);
    expect(said.match(/^steps .*$/gm)).toEqual([
      "steps are replayed",
      "steps run op by op: area 1 (leaky) does not say pure: true, the word that next and output depend on their arguments alone",
    ]);
    expect(said).toMatch(
      /^onward: plan: cell of .*broken.mjs must run, got "ReferenceError: nothing is not defined"$/m,
    );
  });

  it("is written to through one door", () => {
    const sources = readSources(fileURLToPath(new URL("../../src", import.meta.url)));
    const writing = [...sources].filter(
      ([file, text]) =>
        /^(cli|data|rjepa|learn|testing)\//.test(file) &&
        /\b(stdout|stderr)\.write\b|\bconsole\.\w+\(/.test(text),
    );
    expect(writing.map(([file]) => file)).toEqual(["cli/terminal.ts"]);
  });

  it("never gets what names of files command", async () => {
    const [images, out] = [await newFolder(), join(folder, `${esc}[2J\nout`)];
    for (let i = 0; i < 5; i++) await writeImage(join(images, `${i}.png`), 70, 66);
    await writeFile(join(images, `${esc}]0;title\x07\n\u202e.jpg`), "nothing");
    await writeFile(join(images, "a.gif"), "");
    const args = ["--recipe", "online", "--updates", "2", "--images", images, "--test-share", "0.4"];
    const { status, out: printed, err } = await run("train", ...args, "--viewers", "4", "--out", out);
    expect(status).toBe(0);
    expect(err).toContain("left out, whole or in part: *.gif: 1 file not named .jpg, .jpeg, .png, .webp\n");
    expect(err).toContain("left out, whole or in part: \\u001b]0;title\\u0007\\n\\u202e.jpg: images: ");
    const names = (await readdir(out)).filter((name) => !name.endsWith(".safetensors"));
    const files = await Promise.all(names.map((name) => readFile(join(out, name), "utf8")));
    expect(files).toHaveLength(5);
    for (const text of [printed, err, ...files]) {
      expect(text.includes(esc)).toBe(false);
      expect(/\p{Bidi_Control}/u.test(text)).toBe(false);
    }
    const refused = await run(`${esc}[31m`, `${esc}[32m`);
    expect(refused.err).toBe("onward: unknown command '\\u001b[31m'\n");
  });
});
