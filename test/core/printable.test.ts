import { describe, expect, it } from "vitest";
import { ArgumentError, CheckpointError, DataError, ShapeError } from "../../src/core/errors.js";
import { printable, printableLines } from "../../src/core/printable.js";

describe("text from outside", () => {
  it.each([
    ["\x1b[2J", "\\u001b[2J"],
    ["\x9b2J", "\\u009b2J"],
    ["a\r\n\tb\0\x7f", "a\\r\\n\\tb\\u0000\\u007f"],
    ["\u202egpj.exe\u2066", "\\u202egpj.exe\\u2066"],
    ["\u2028\u2029\ufeff", "\\u2028\\u2029\\ufeff"],
    ["\ud800", "\\ud800"],
    ["naïve 漢字 👩‍🚀 C:\\n", "naïve 漢字 👩‍🚀 C:\\n"],
  ])("%j becomes what no terminal obeys", (text, safe) => {
    expect(printable(text)).toBe(safe);
    expect(printable(safe)).toBe(safe);
    expect(printableLines(`${text.replaceAll("\n", "")}\n`)).toBe(`${safe.replace("a\\r\\n", "a\\r")}\n`);
  });

  it("stays the same JSON", () => {
    const value = { "\x1b\x9b\u202e\x7f": ["\n", "\ud800", '"'] };
    for (const indent of [0, 2])
      expect(JSON.parse(printableLines(JSON.stringify(value, null, indent)))).toEqual(value);
  });

  it("is safe in every error, and on one line where it names things", () => {
    for (const Class of [DataError, ArgumentError, CheckpointError])
      expect(new Class("x: got \x1b[31m\nred").message).toBe("x: got \\u001b[31m\\nred");
    expect(new ShapeError("x: got \x1b").message).toBe("x: got \\u001b");
  });
});
