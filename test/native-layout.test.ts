import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSources } from "./support/layout.js";
import { nativeViolations } from "./support/native-layout.js";

const violationsOf = (files: Record<string, string>) => nativeViolations(new Map(Object.entries(files)));

describe("layout of native", () => {
  it("keeps what is to be computed apart from how, without cycles or long files", () => {
    const sources = readSources(fileURLToPath(new URL("../native", import.meta.url)), /\.(h|cc|cu)$/);
    expect(sources.size).toBeGreaterThan(10);
    expect(nativeViolations(sources)).toEqual([]);
  });

  it("accepts includes where they belong", () => {
    const files = {
      "kernels/names.h": "#include <cstdint>",
      "kernels/gemm.h": '#include "kernels/names.h"\nnamespace ONWARD_ISA {}',
      "code/op.h": '#include "kernels/names.h"',
      "cpu/pool.h": "#include <thread>",
      "cpu/table.h": '#include "code/op.h"\n#include "cpu/pool.h"\n#include "kernels/gemm.h"',
      "addon/main.cc": '#include <napi.h>\n#include "code/op.h"\n#include "cpu/table.h"',
    };
    expect(violationsOf(files)).toEqual([]);
  });

  it.each([
    [
      "kernels that know of instructions",
      { "kernels/a.h": '#include "code/b.h"', "code/b.h": "" },
      "code is not for kernels",
    ],
    [
      "kernels that know of the CPU",
      { "kernels/a.h": '#include "cpu/b.h"', "cpu/b.h": "" },
      "cpu is not for kernels",
    ],
    [
      "decoding that knows of the CPU",
      { "code/a.cc": '#include "cpu/b.h"', "cpu/b.h": "" },
      "cpu is not for code",
    ],
    ["decoding that knows of Node", { "code/a.cc": "  #  include <node_api.h>" }, "that is for addon"],
    ["decoding that starts threads", { "code/a.cc": "#include <thread>" }, "that is for cpu"],
    [
      "decoding that calls kernels",
      { "code/a.cc": '#include "kernels/b.h"', "kernels/b.h": "namespace ONWARD_ISA {}" },
      "code takes no kernels",
    ],
    [
      "decoding that comes by kernels through names",
      {
        "code/a.cc": '#include "kernels/b.h"',
        "kernels/b.h": '#include "kernels/c.h"',
        "kernels/c.h": "namespace ONWARD_ISA {}",
      },
      "code takes no kernels",
    ],
    [
      "the CPU that knows of Node",
      { "cpu/a.cc": '#include "addon/b.h"', "addon/b.h": "" },
      "addon is not for cpu",
    ],
    [
      "Node that calls kernels",
      { "addon/a.cc": '#include "kernels/b.h"', "kernels/b.h": "" },
      "kernels is not for addon",
    ],
    ["a file named from where it lies", { "cpu/a.cc": '#include "b.h"', "cpu/b.h": "" }, "does not exist"],
    ["an unknown folder", { "extra/a.cc": '#include "code/b.h"', "code/b.h": "" }, '"extra" is no folder'],
    ["a long file", { "cpu/a.cc": "//\n".repeat(501) }, "has 501 lines"],
    [
      "a cycle",
      { "cpu/a.h": '#include "cpu/b.h"', "cpu/b.h": '#include "cpu/a.h"' },
      "cycle: cpu/a.h -> cpu/b.h -> cpu/a.h",
    ],
  ])("catches %s", (_, files, message) => {
    const found = violationsOf(files);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });
});
