import { describe, expect, it } from "vitest";
import { hostZeros } from "../../src/device/host-storage.js";
import { untold } from "../../src/device/recording.js";
import "../../src/index.js";
import { recordProgram } from "../../src/tensor/compile/record.js";
import { stored } from "../support/storage.js";

const numbers = () => stored(Float32Array.of(1, 2, 3));
const told = (look: () => unknown): boolean => recordProgram(look).reads.size > 0;

describe("storage on the host", () => {
  it("says what it holds", () => {
    const { dtype, length, bytes, device } = numbers();
    expect([dtype, length, bytes, device]).toEqual(["float32", 3, 12, "host"]);
    expect([...hostZeros("bool", 2).host()]).toEqual([0, 0]);
  });

  it("gives its numbers at once, or their promise", async () => {
    const data = numbers();
    expect(data.host()).toEqual(Float32Array.of(1, 2, 3));
    expect(await data.read()).toBe(data.host());
  });

  it("takes numbers, and copies itself apart", () => {
    const data = numbers();
    const copy = data.copy();
    data.write([4, 5, 6]);
    expect([[...data.host()], [...copy.host()]]).toEqual([
      [4, 5, 6],
      [1, 2, 3],
    ]);
    data.clear();
    expect([...data.host()]).toEqual([0, 0, 0]);
    expect([data.memory === copy.memory, data.memory === numbers().memory]).toEqual([false, false]);
    const { array } = data;
    expect(stored(array.subarray(1)).memory).toBe(data.memory);
  });

  it("tells whoever records that numbers leave, and of nothing else", () => {
    const data = numbers();
    expect([told(() => data.host()), told(() => data.read()), told(() => data.copy())]).toEqual([
      true,
      true,
      true,
    ]);
    expect([told(() => data.clear()), told(() => data.write([1, 2, 3])), told(() => data.length)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(told(() => untold(() => data.host()))).toBe(false);
  });
});
