import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { reasonOf } from "../../src/core/system-error.js";
import { readJson, withFile } from "../../src/data/node/read.js";
import { prepareFolder, writeFiles } from "../../src/data/node/write.js";
import { newFolder } from "../support/images.js";

const folder = await newFolder();
const at = (name: string): string => join(folder, name);
execFileSync("mkfifo", [at("pipe")]);
await mkdir(at("folder"));
await symlink(at("nowhere"), at("dangling"));
await symlink(at("loop-b"), at("loop-a"));
await symlink(at("loop-a"), at("loop-b"));
await symlink(at("pipe"), at("to-pipe"));
await writeFile(at("file"), "text");
await writeFile(at("bytes"), Buffer.of(0x22, 0xff, 0x22));
await writeFile(at("empty"), "");
await writeFile(at("marked.json"), "\ufeff[1]");
const server = createServer().listen(at("socket"));
await new Promise((done) => server.once("listening", done));
server.unref();

/** Nothing here may wait for a writer that never comes. */
const soon = { timeout: 5000 };

describe("a file", () => {
  it.each([
    ["pipe", "expected a file, got a pipe"],
    ["to-pipe", "expected a file, got a pipe"],
    ["socket", "expected a file, got a socket"],
    ["folder", "expected a file, got a folder"],
    ["dangling", "no such file"],
    ["loop-a", "its links lead in a circle"],
    ["file/inner", "a part of the path is a file, not a folder"],
    ["n".repeat(300), "the name is too long"],
    ["null\0byte", "its name holds a null byte"],
    ["gone\ufffd", "its name is not valid UTF-8"],
  ])("that is none is refused at once: %s", soon, async (name, reason) => {
    const found = await readJson("who", at(name)).catch((error: unknown) => error);
    expect(found).toBeInstanceOf(DataError);
    expect((found as DataError).message).toMatch(/^who: cannot read [^\n\0]*$/);
    expect((found as DataError).message.endsWith(`: ${reason}`)).toBe(true);
    expect((found as DataError).file).toBe(at(name));
  });

  it("of a device is refused", soon, async () => {
    await expect(withFile("who", "/dev/zero", (file) => file.readFile())).rejects.toThrow(
      "who: cannot read /dev/zero: expected a file, got a device",
    );
  });

  it.each([
    ["empty", /expected JSON in .*empty, got an empty file$/],
    ["file", /expected JSON in .*file, got text that is not$/],
    ["bytes", /expected JSON in .*bytes, got bytes that are not UTF-8$/],
  ])("that holds no JSON is told: %s", async (name, sentence) => {
    await expect(readJson("who", at(name))).rejects.toThrow(sentence);
  });

  it("may begin with a byte order mark", async () => {
    expect(await readJson("who", at("marked.json"))).toEqual([1]);
  });
});

describe("writing", () => {
  it("replaces whole files and leaves nothing else", async () => {
    const out = join(await newFolder(), "deep", "down");
    await prepareFolder("who", out);
    expect(existsSync(out)).toBe(false);
    await writeFiles("who", out, { a: "1", b: "2" });
    await writeFiles("who", out, { a: "3" });
    expect((await readdir(out)).sort()).toEqual(["a", "b"]);
    expect(await readFile(join(out, "a"), "utf8")).toBe("3");
  });

  it("leaves nothing behind where one of the files cannot be written", async () => {
    const out = await newFolder();
    await mkdir(join(out, "b"));
    await writeFile(join(out, "c"), "old");
    await expect(writeFiles("who", out, { b: "2", c: "new" })).rejects.toThrow(
      `who: cannot write ${join(out, "b")}: there is a folder of this name`,
    );
    expect((await readdir(out)).sort()).toEqual(["b", "c"]);
    expect(await readFile(join(out, "c"), "utf8")).toBe("old");
  });

  it("to where the system makes no folders is refused, and not tried for ever", soon, async () => {
    await expect(prepareFolder("who", "/proc/onward/out")).rejects.toThrow(
      "who: cannot write to /proc/onward/out: no folder can be made there",
    );
  });

  it.each([
    ["file", "there is a file of this name"],
    ["file/inner", "a part of the path is a file, not a folder"],
    ["n".repeat(300), "the name is too long"],
    ["null\0byte", "its name holds a null byte"],
  ])("to a folder that cannot be is refused: %s", async (name, reason) => {
    const found = (await prepareFolder("who", at(name)).catch((error: unknown) => error)) as Error;
    expect(found).toBeInstanceOf(DataError);
    expect(found.message).toMatch(/^who: cannot write to /);
    expect(found.message.endsWith(`: ${reason}`)).toBe(true);
  });

  it("says why in words, whatever the system says", () => {
    const of = (code: string): string =>
      reasonOf(Object.assign(new Error(`${code}: no, open 'x'`), { code }));
    expect(["EACCES", "EROFS", "ENOSPC", "EMFILE", "EISDIR", "EODD"].map(of)).toEqual([
      "no permission",
      "the file system is read-only",
      "the disk is full",
      "too many files are open",
      "there is a folder of this name",
      "the system says EODD",
    ]);
    expect([reasonOf(new Error("a\nb")), reasonOf(null), reasonOf("odd")]).toEqual(["a", "null", "odd"]);
  });
});
