import { describe, expect, it } from "vitest";
import { formatPlace, placesOf } from "../../src/core/stack-frame.js";

describe("stack frames", () => {
  it.each([
    ["V8, a function", "    at next (/home/me/model/cell.js:12:34)", "model/cell.js:12"],
    ["V8, no function", "    at /home/me/model/cell.js:12:34", "model/cell.js:12"],
    ["V8, async", "    at async /home/me/model/cell.js:12:34", "model/cell.js:12"],
    ["V8, a method by another name", "    at Cell.next [as step] (/m/cell.js:12:3)", "m/cell.js:12"],
    ["V8, a constructor", "    at new Cell (/m/cell.js:12:3)", "m/cell.js:12"],
    ["Node, a module", "    at next (file:///home/me/my%20model/cell.mjs:1:2)", "my model/cell.mjs:1"],
    ["a folder with spaces", "    at next (/home/me/my model/a cell.ts:3:4)", "my model/a cell.ts:3"],
    ["a folder with brackets", "    at /home/me/model (old)/cell.ts:3:4", "model (old)/cell.ts:3"],
    ["both", "    at next (/home/me/model (old)/cell.ts:3:4)", "model (old)/cell.ts:3"],
    ["a percent sign that codes nothing", "    at f (file:///m/100%/cell.js:3:4)", "100%/cell.js:3"],
    ["Windows", "    at next (C:\\Users\\me\\model\\cell.ts:12:34)", "model/cell.ts:12"],
    ["Windows, a module", "    at next (file:///C:/Users/me/model/cell.ts:12:34)", "model/cell.ts:12"],
    ["a page", "    at next (http://127.0.0.1:8080/model/cell.js?v=3:12:34)", "model/cell.js:12"],
    ["a page, at its root", "    at http://127.0.0.1:8080/cell.js:12:34", "cell.js:12"],
    ["a page's own script", "    at http://127.0.0.1:8080/:12:34", "/:12"],
    ["Firefox", "next@http://localhost/model/cell.js:12:34", "model/cell.js:12"],
    ["Firefox, inside a function", "run/next<@http://localhost/model/cell.js:12:34", "model/cell.js:12"],
    ["Safari, no function", "http://localhost/@me/cell.js:12:34", "@me/cell.js:12"],
    ["webpack", "    at eval (webpack-internal:///./model/cell.js:12:34)", "model/cell.js:12"],
    ["standard input", "    at [stdin]:2:3", "[stdin]:2"],
  ])("of %s", (_, frame, place) => {
    expect(placesOf(`Error: told\n${frame}`).map(formatPlace)).toEqual([place]);
  });

  it.each([
    ["Node's own", "    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)"],
    ["Deno's own", "    at denoEnvGet (ext:deno_node/_process/process.ts:1:1219)"],
    ["built-in functions", "    at Array.map (<anonymous>)"],
    ["code made of text", "    at eval (eval at f (file:///m/x.js:3:1), <anonymous>:1:3)"],
    ["JavaScriptCore's own", "map@[native code]"],
    ["what is no frame", "    at nowhere"],
  ])("of %s are left out", (_, frame) => {
    expect(placesOf(`Error: told at model/cell.js\n${frame}`)).toEqual([]);
  });

  it("of stacks that are no text are none", () => {
    expect(placesOf(undefined)).toEqual([]);
    expect(placesOf([{}])).toEqual([]);
  });

  it("tell one file from another by all of its path", () => {
    const [a, b, c] = placesOf("at /m/a b.js:1:2\nat f (file:///m/a%20b.js:1:2)\nat f (C:\\m\\a b.js:1:2)");
    expect(a).toEqual({ path: "/m/a b.js", line: 1, column: 2 });
    expect(b).toEqual(a);
    expect(c?.path).toBe("C:/m/a b.js");
  });
});
