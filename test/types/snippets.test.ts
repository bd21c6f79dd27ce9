import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { complaints, root } from "./_compiler.js";
import { snippetsOf } from "./_snippets.js";

const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];
const snippets = snippetsOf(
  Object.fromEntries(pages.map((page) => [page, readFileSync(join(root, page), "utf8")])),
);

describe("what the README and docs show", () => {
  it("is found: every fence of TypeScript is in a program", () => {
    const fences = pages.flatMap((page) => readFileSync(join(root, page), "utf8").match(/^```ts/gm) ?? []);
    const continued = pages.flatMap(
      (page) => readFileSync(join(root, page), "utf8").match(/^```ts continues$/gm) ?? [],
    );
    expect(Object.keys(snippets)).toHaveLength(fences.length - continued.length);
    expect(fences.length).toBeGreaterThan(8);
  });

  it("compiles under strict, where what an index may miss is undefined", { timeout: 300_000 }, () => {
    expect(complaints(snippets)).toEqual([]);
  });

  it("would be seen where it does not compile", { timeout: 300_000 }, () => {
    const page =
      "```ts\nimport { cells } from 'onward/cells';\n```\n\n```ts continues\ncells.mingrru;\n```\n";
    expect(complaints(snippetsOf({ page }))).toEqual([
      expect.stringMatching(/^page-1\.ts:3: TS2551: .*mingrru/),
    ]);
  });
});
