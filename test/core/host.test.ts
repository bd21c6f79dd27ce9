import { afterEach, describe, expect, it, vi } from "vitest";
import {
  availableMemory,
  builtinModules,
  environment,
  fileText,
  mayLoadAddons,
} from "../../src/core/host.js";

const asked = (): unknown[] => [
  environment("ONWARD_HOST_TEST"),
  builtinModules(),
  mayLoadAddons(),
  fileText(import.meta.filename),
  availableMemory(),
];

/** What a runtime without anything gives. */
const nothing = [undefined, null, true, null, Number.POSITIVE_INFINITY];

describe("the runtime around the library", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("is read where it is there", () => {
    vi.stubEnv("ONWARD_HOST_TEST", "here");
    expect(environment("ONWARD_HOST_TEST")).toBe("here");
    expect(fileText(import.meta.filename)).toContain("is read where it is there");
    expect(builtinModules()?.("node:fs")).toBeDefined();
    expect(availableMemory()).toBeLessThan(2 ** 50);
    vi.unstubAllEnvs();
  });

  it("may have no process, or half of one", () => {
    for (const process of [undefined, null, {}, { env: undefined }]) {
      vi.stubGlobal("process", process);
      expect(asked()).toEqual(nothing);
    }
  });

  it("may throw whatever is asked", () => {
    const refuse = (): never => {
      throw new Error("not capable");
    };
    vi.stubGlobal("process", new Proxy({}, { get: refuse }));
    expect(asked()).toEqual(nothing);
    vi.stubGlobal("Deno", { permissions: { querySync: refuse } });
    expect(asked()).toEqual([undefined, null, false, null, Number.POSITIVE_INFINITY]);
  });

  it("is not asked for what would make it ask a person", () => {
    const touched: string[] = [];
    const note = (name: string) => () => {
      touched.push(name);
      return undefined;
    };
    const env = new Proxy({}, { get: note("env") });
    vi.stubGlobal("process", { env, availableMemory: note("memory"), getBuiltinModule: note("file") });
    vi.stubGlobal("Deno", { permissions: { querySync: () => ({ state: "prompt" }) } });
    environment("ONWARD_HOST_TEST");
    fileText("x");
    availableMemory();
    expect(mayLoadAddons()).toBe(false);
    expect(touched).toEqual([]);
    vi.stubGlobal("Deno", { permissions: { querySync: () => ({ state: "granted" }) } });
    environment("ONWARD_HOST_TEST");
    fileText("x");
    availableMemory();
    expect(touched).toEqual(["env", "file", "memory"]);
  });
});
