import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./_compiler.js";

describe("every type of a public signature", () => {
  // TypeDoc reads all sources: some twenty seconds on a busy machine
  it("has a public name, and every link a target: TypeDoc warns of nothing", { timeout: 300_000 }, () => {
    const typedoc = join(root, "node_modules/typedoc/bin/typedoc");
    const said = execFileSync(process.execPath, [typedoc, "--options", "typedoc.jsonc"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(said).not.toContain("warning");
  });
});
