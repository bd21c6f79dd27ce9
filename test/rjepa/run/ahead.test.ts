import { describe, expect, it } from "vitest";
import type { Step } from "../../../src/rjepa/parts/steps.js";
import { Ahead } from "../../../src/rjepa/run/ahead.js";
import { Waiting } from "../../../src/rjepa/run/waiting.js";

const stepsOf = (update: number): Step[] => [
  {
    input: Float32Array.of(update),
    saccade: new Float32Array(2),
    position: new Float32Array(2),
    label: null,
  },
];

describe("batches ahead", () => {
  function make(updates = 100, ahead = 3) {
    const orders: string[] = [];
    const batches = new Ahead(
      { cut: (update) => orders.push(`+${update}`), drop: (update) => orders.push(`-${update}`) },
      updates,
      ahead,
    );
    return {
      batches,
      made: (update: number) => batches.made(update, stepsOf(update)),
      taken: () => orders.splice(0),
    };
  }

  it("are those after the last one asked for, and no more", async () => {
    const { batches, made, taken } = make();
    const first = batches.ask(5);
    expect(taken()).toEqual(["+5", "+6", "+7", "+8"]);
    for (const update of [5, 6, 7, 8]) made(update);
    expect(await first).toEqual(stepsOf(5));
    expect(await batches.ask(6)).toEqual(stepsOf(6));
    expect(taken()).toEqual(["+9"]);
    // what was handed out is cut again, what is ready is not
    const again = batches.ask(6);
    expect(taken()).toEqual(["+6"]);
    made(6);
    expect(await again).toEqual(stepsOf(6));
  });

  it("are dropped where another place is asked for, and their coming late does no harm", async () => {
    const { batches, made, taken } = make();
    const waiting = batches.ask(5);
    taken();
    const far = batches.ask(50);
    expect(taken()).toEqual(["-6", "-7", "-8", "+50", "+51", "+52", "+53"]);
    for (const update of [6, 50, 5]) made(update);
    expect([await waiting, await far]).toEqual([stepsOf(5), stepsOf(50)]);
    const back = batches.ask(6);
    expect(taken()).toEqual(["-51", "-52", "-53", "+6", "+7", "+8", "+9"]);
    made(6);
    made(6);
    expect(await back).toEqual(stepsOf(6));
  });

  it("end with the last update", () => {
    const { batches, taken } = make(7);
    void batches.ask(5);
    expect(taken()).toEqual(["+5", "+6"]);
  });

  it("fail with the first error", async () => {
    const { batches, made } = make();
    const asked = batches.ask(0);
    made(1);
    batches.fail(new Error("first"));
    batches.fail(new Error("second"));
    await expect(asked).rejects.toThrow("first");
    await expect(batches.ask(1)).rejects.toThrow("first");
  });
});

describe("waiting", () => {
  it("counts from when the first wait is over, and waits at one time once", () => {
    let now = 10;
    const waiting = new Waiting(() => now);
    const at = (time: number, what: "begin" | "end"): void => {
      now = time;
      waiting[what]();
    };
    at(11, "begin");
    at(20, "end");
    expect(waiting.waited).toEqual({ seconds: 0, share: 0 });
    at(23, "begin");
    at(24, "begin");
    at(25, "end");
    expect(waiting.isOpen).toBe(true);
    expect(waiting.waited).toEqual({ seconds: 2, share: 2 / 5 });
    at(26, "end");
    now = 30;
    expect([waiting.isOpen, waiting.waited]).toEqual([false, { seconds: 3, share: 3 / 10 }]);
  });
});
