import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPackages, optionalPackages } from "../../src/cli/optional-parts.js";
import { run } from "../support/command-line.js";

const root = join(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("optional packages", () => {
  const names = Object.keys(manifest.peerDependencies).sort();

  it("are declared as such, each of them, and nothing else is", () => {
    expect(names.length).toBeGreaterThan(0);
    expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(names);
    for (const meta of Object.values(manifest.peerDependenciesMeta)) expect(meta).toEqual({ optional: true });
  });

  it("are those that `onward info` lists, and the README names", () => {
    expect(Object.keys(optionalPackages).sort()).toEqual(names);
    const readme = readFileSync(join(root, "README.md"), "utf8");
    for (const name of names) expect(readme).toContain(`\`${name}\``);
  });

  it("are all installed here, so that the tests need not skip", async () => {
    const versions = Object.fromEntries((await findPackages()).map(({ name, found }) => [name, found]));
    expect(versions).toEqual(Object.fromEntries(names.map((name) => [name, manifest.devDependencies[name]])));
  });

  it("are told with what needs them and how to install them", async () => {
    const { out } = await run("info");
    for (const [name, { neededBy }] of Object.entries(optionalPackages))
      expect(out).toContain(
        `${name.padEnd(11)}${manifest.devDependencies[name]}\n           for ${neededBy}\n`,
      );
    expect(out).toMatch(/^addon {6}.*\n {11}for speed/m);
    expect(out).toMatch(/^OpenBLAS {3}.*\n {11}for faster matrix products/m);
  });
});
