import { afterEach, describe, expect, it, vi } from "vitest";
import type { Command } from "../../src/cli/command.js";
import { main } from "../../src/cli/main.js";
import { DataError } from "../../src/core/errors.js";

const failing: Command = {
  name: "fail",
  summary: "fails as it is told",
  configure(program) {
    program.argument("<how>").action((how: string) => {
      throw how === "purpose"
        ? new DataError("fail: expected a file, got none")
        : new TypeError("x is not a tensor");
    });
  },
};

async function run(...args: string[]) {
  const written = { out: "", err: "" };
  const status = await main(args, [failing], {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
  });
  return { status, ...written };
}

describe("the command line", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("prints help and version with status 0", async () => {
    for (const args of [[], ["--help"]]) {
      const help = await run(...args);
      expect(help.status).toBe(0);
      expect(help.out).toContain("fails as it is told");
    }
    const version = await run("--version");
    expect(version).toMatchObject({ status: 0, err: "" });
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [["nothing"], "onward: unknown command 'nothing'\n"],
    [["fial", "x"], "onward: unknown command 'fial' (Did you mean fail?)\n"],
    [["fail", "x", "--loud"], "onward: unknown option '--loud'\n"],
    [["fail"], "onward: missing required argument 'how'\n"],
    [["fail", "purpose"], "onward: fail: expected a file, got none\n"],
  ])("answers %j with one sentence and status 1", async (args, sentence) => {
    expect(await run(...args)).toEqual({ status: 1, out: "", err: sentence });
  });

  it("shows the stack of an unexpected error only when asked", async () => {
    vi.stubEnv("DEBUG", "");
    const plain = await run("fail", "surprise");
    expect(plain.err).toBe("onward: unexpected error: x is not a tensor (--debug prints the stack)\n");
    for (const args of [
      ["--debug", "fail", "surprise"],
      ["fail", "surprise", "--debug"],
    ]) {
      const { status, err } = await run(...args);
      expect(status).toBe(1);
      expect(err).toContain("main.test.ts");
    }
  });
});
