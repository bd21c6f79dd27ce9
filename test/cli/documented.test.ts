import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Command } from "../../src/cli/command.js";
import { main } from "../../src/cli/main.js";
import { commands } from "../../src/cli/registry.js";
import { run } from "../support/command-line.js";

/** What pages tell to type after `onward`, as arguments; what follows a # is for people. */
const lines = ["README.md", "docs/rjepa.md"].flatMap((page) =>
  [
    ...readFileSync(new URL(`../../${page}`, import.meta.url), "utf8").matchAll(
      /^ {4}(?:npx )?onward (.*)$/gm,
    ),
  ].map(([, line]) => line.replace(/\s+#.*$/, "").split(/\s+/)),
);

/** Commands that parse what is typed, and do nothing then. */
const parsed: string[] = [];
const idle = Object.values(commands).map(
  (command): Command => ({
    ...command,
    configure(program) {
      command.configure(program);
      program.action(() => void parsed.push(command.name));
    },
  }),
);

describe("the command lines of README and docs", () => {
  it("are found, of every command of R-JEPA", () => {
    const names = new Set(lines.map(([name]) => name));
    expect(["train", "figures", "evaluate", "embed", "theorem"].filter((name) => !names.has(name))).toEqual(
      [],
    );
  });

  it.each(lines.map((line) => [line.join(" "), line] as const))("onward %s", async (_, args) => {
    const before = parsed.length;
    const said: string[] = [];
    const status = await main(args, idle, { out: () => {}, err: (text) => void said.push(text) });
    expect([status, said]).toEqual([0, []]);
    expect(parsed.slice(before)).toEqual([args[0]]);
  });

  const configured = lines.filter(([name, ...rest]) => name === "train" && !rest.includes("--resume"));
  it.each(configured.map((line) => [line.join(" "), line] as const))(
    "onward %s asks for a configuration that is one",
    async (_, args) => {
      const { status, out, err } = await run(
        ...args,
        ...(args.includes("--print-config") ? [] : ["--print-config"]),
      );
      expect([status, err]).toEqual([0, ""]);
      expect(JSON.parse(out).format).toBe("onward-run-1");
    },
  );
});
