import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { ArgumentError, DataError } from "../../src/core/errors.js";
import { writeFileAtomic } from "../../src/entry/node.js";
import { load, save, type Tensor, tensor } from "../../src/index.js";
import { newFolder } from "../support/images.js";

const shared = await newFolder();
await chmod(shared, 0o755);
const rewriter = join(shared, "rewriter.mjs");
await build({
  entryPoints: [fileURLToPath(new URL("../support/rewriter.ts", import.meta.url))],
  bundle: true,
  outfile: rewriter,
  format: "esm",
  platform: "node",
  logLevel: "error",
});

/** Whether the file holds a whole tree, all of whose numbers are of one turn. */
async function isWhole(path: string): Promise<boolean> {
  try {
    const { i, first, last } = load(await readFile(path)) as unknown as {
      i: number;
      first: Tensor;
      last: Tensor;
    };
    return [first, last].every((t) => t.toTypedArray().every((v) => v === i));
  } catch {
    return false;
  }
}

/** Has a process write without end, and kills it at some moment. */
async function killed(how: "atomic" | "plain", path: string): Promise<void> {
  const child = spawn(process.execPath, [rewriter, how, path], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  await new Promise((done) => setTimeout(done, 60 * Math.random()));
  child.kill("SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);
}

const rounds = 25;

describe("a process that is killed while it rewrites a file", () => {
  it("leaves a whole tree, the old one or the new one", { timeout: 120_000 }, async () => {
    const folder = await newFolder();
    const path = join(folder, "tree.safetensors");
    for (let round = 0; round < rounds; round++) {
      await killed("atomic", path);
      expect(await isWhole(path), `round ${round}`).toBe(true);
    }
    // some were killed half-way: what they wrote aside is all that tells of it
    expect((await readdir(folder)).length).toBeGreaterThan(1);
  });

  it("would leave a torn one, did it write in place", { timeout: 120_000 }, async () => {
    const path = join(await newFolder(), "tree.safetensors");
    let torn = 0;
    for (let round = 0; round < rounds && torn === 0; round++) {
      await killed("plain", path);
      if (!(await isWhole(path))) torn++;
    }
    expect(torn).toBe(1);
  });
});

describe("writeFileAtomic", () => {
  it("writes text and bytes, new and over old ones, and nothing else", async () => {
    const folder = await newFolder();
    const path = join(folder, "a");
    await writeFileAtomic(path, "á\n");
    expect(await readFile(path, "utf8")).toBe("á\n");
    const bytes = save({ w: tensor([1, 2]) });
    await writeFileAtomic(path, bytes);
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    // a part of a larger array is that part
    await writeFileAtomic(path, bytes.subarray(8, 10));
    expect([...(await readFile(path))]).toEqual([...bytes.subarray(8, 10)]);
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("takes writers at the same time: one of them is last", async () => {
    const folder = await newFolder();
    const path = join(folder, "a");
    const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(100_000));
    await Promise.all(texts.map((t) => writeFileAtomic(path, t)));
    expect(texts).toContain(await readFile(path, "utf8"));
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("follows a link, and leaves permissions as they are", async () => {
    const folder = await newFolder();
    const [real, link] = [join(folder, "run-1"), join(folder, "latest")];
    await writeFile(real, "old", { mode: 0o600 });
    await chmod(real, 0o640);
    await symlink("run-1", link);
    await writeFileAtomic(link, "new");
    expect(await readFile(real, "utf8")).toBe("new");
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await stat(real)).mode & 0o777).toBe(0o640);
  });

  it("refuses what is no text, no bytes, no path", async () => {
    const refused = (path: unknown, content: unknown) =>
      expect(writeFileAtomic(path as string, content as string)).rejects;
    await refused(join(shared, "a"), tensor(1)).toThrow(
      new ArgumentError("writeFileAtomic: expected the content to be a string or a Uint8Array, got a tensor"),
    );
    await refused(1, "a").toThrow(
      new ArgumentError("writeFileAtomic: expected the path to be a string, got 1"),
    );
  });
});

describe("a file that cannot be written", async () => {
  const folder = await newFolder();
  const at = (name: string): string => join(folder, name);
  await mkdir(at("folder"));
  await writeFile(at("file"), "old");
  await symlink(at("nowhere"), at("dangling"));
  const server = createServer().listen(at("socket"));
  await once(server, "listening");
  server.unref();
  const names = (await readdir(folder)).sort();

  it.each([
    ["folder", "there is a folder of this name"],
    ["file/inner", "a part of the path is a file, not a folder"],
    ["missing/inner", "there is no such folder"],
    ["dangling", "its link leads nowhere"],
    ["socket", "expected a file, got a socket"],
    ["n".repeat(300), "the name is too long"],
    ["null\0byte", "its name holds a null byte"],
  ])("is told with its reason, and leaves nothing: %s", async (name, reason) => {
    const found = await writeFileAtomic(at(name), "new").catch((error: unknown) => error);
    expect(found).toBeInstanceOf(DataError);
    expect((found as DataError).message).toMatch(/^writeFileAtomic: cannot write [^\n\0]*$/);
    expect((found as DataError).message.endsWith(`: ${reason}`)).toBe(true);
    expect((found as DataError).file).toBe(at(name));
    expect((await readdir(folder)).sort()).toEqual(names);
  });

  /** What a process of its own says, which may do less. */
  async function said(path: string, options: SpawnOptions, limit = "unlimited"): Promise<string> {
    const line = `ulimit -f ${limit} && exec "$0" "$@"`;
    const args = ["-c", line, process.execPath, rewriter, "once", path];
    const child = spawn("bash", args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
    return text(child.stdout as NonNullable<typeof child.stdout>);
  }

  it("is told where there is no permission", async () => {
    const closed = await newFolder();
    await chmod(closed, 0o555);
    const path = join(closed, "tree");
    const other = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    expect(await said(path, other)).toBe(`DataError: writeFileAtomic: cannot write ${path}: no permission`);
    expect(await readdir(closed)).toEqual([]);
  });

  it("is told where there is no room, and the old one stays", async () => {
    const small = await newFolder();
    const path = join(small, "tree");
    await writeFile(path, "old");
    // as a full disk, this ends a write half-way
    expect(await said(path, {}, "64")).toBe(
      `DataError: writeFileAtomic: cannot write ${path}: the file would be too large`,
    );
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(small)).toEqual(["tree"]);
  });
});
