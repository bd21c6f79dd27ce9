import { describe, expect, it } from "vitest";
import { createProgress, formatDuration } from "../../src/cli/progress.js";

function plainStream() {
  const lines: string[] = [];
  const stream = {
    isTTY: false,
    write: (text: string) => lines.push(text) > 0,
  } as unknown as NodeJS.WriteStream;
  return { lines, stream };
}

describe("progress", () => {
  it("without a terminal writes a plain line every ten seconds and one at the end", () => {
    const { lines, stream } = plainStream();
    let time = 0;
    const progress = createProgress(100, { stream, now: () => time });
    for (let done = 1; done <= 100; done++) {
      time += 250;
      progress.update(done, 1 / done);
    }
    progress.stop();
    progress.update(100);
    expect(lines).toEqual([
      "train 40/100 (40%)  4.00 fixations/s, 15 s left, loss 0.02500\n",
      "train 80/100 (80%)  4.00 fixations/s, 5 s left, loss 0.01250\n",
      "train 100/100 (100%)  4.00 fixations/s, 0 s left, loss 0.01000\n",
    ]);
  });

  it("says where a run stood that was stopped early", () => {
    const { lines, stream } = plainStream();
    let time = 0;
    const progress = createProgress(10, { stream, label: "check", unit: "cases", now: () => time });
    time = 2000;
    progress.update(3);
    progress.log("a word in between");
    progress.stop();
    expect(lines).toEqual(["a word in between\n", "check 3/10 (30%)  1.50 cases/s, 5 s left\n"]);
  });

  it("formats durations", () => {
    expect([0, 12_300, 200_000, 3_900_000, Number.POSITIVE_INFINITY].map(formatDuration)).toEqual([
      "0 s",
      "12 s",
      "3 min 20 s",
      "1 h 05 min",
      "? s",
    ]);
  });
});
