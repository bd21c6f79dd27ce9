import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/core/errors.js";
import { jepa } from "../../../src/rjepa/parts/compose.js";
import { type AreaPreset, type Preset, presets } from "../../../src/rjepa/parts/preset.js";
import { requireLabels, requirePreset, requireStreams } from "../../../src/rjepa/parts/require.js";
import { small } from "./small.js";

/** The small preset with something else in the place of one of its parts, or of a field of its first area. */
const other = (parts: object): unknown => ({ ...small(), ...parts });
const area = (fields: object, of: AreaPreset = small().areas[0]): unknown =>
  other({ areas: [{ ...of, ...fields }, ...small().areas.slice(1)] });
const dense = small().areas[1];

describe("a preset", () => {
  it.each(Object.keys(presets))("of ours is one: %s", (name) => {
    expect(requirePreset("test", presets[name])).toBe(presets[name]);
    // as it is after a run has kept it
    expect(() => requirePreset("test", JSON.parse(JSON.stringify(presets[name])))).not.toThrow();
  });

  it.each([
    ["none", null, "the preset to be a plain object, got null"],
    ["a name", "content", "the preset to be a plain object, got a string"],
    ["no areas", other({ areas: [] }), "at least 1 in the preset.areas, got 0"],
    [
      "a part without use",
      other({ saccade: true }),
      /the preset with fields among .*predictor.*, got "saccade"/,
    ],
    [
      "no predictor",
      other({ predictor: undefined }),
      "the preset.predictor to be a plain object, got undefined",
    ],
    [
      "an unknown predictor",
      other({ predictor: { kind: "cubic" } }),
      /predictor.kind to be one of linear, mlp, got "cubic"/,
    ],
    [
      "an mlp without units",
      other({ predictor: { kind: "mlp" } }),
      "the preset.predictor.hidden to be a whole number of at least 1, got undefined",
    ],
    [
      "a matrix with hidden units",
      other({ predictor: { kind: "linear", hidden: 4 } }),
      "the preset.predictor without hidden, of which a linear one has no use, got 4",
    ],
    [
      "a predictor that is told the weather",
      other({ predictor: { kind: "linear", weather: true } }),
      /fields among kind, saccade, context, hidden, got "weather"/,
    ],
    [
      "an unknown target",
      other({ target: "ema" }),
      "the preset.target to be recurrent, fresh, gradient or an ema, got",
    ],
    [
      "a momentum of 1",
      other({ target: { kind: "ema", momentum: 1 } }),
      "the preset.target.momentum to be at least 0 and below 1, got 1",
    ],
    [
      "a negative momentum",
      other({ target: { kind: "ema", momentum: -0.1 } }),
      "at least 0 and below 1, got -0.1",
    ],
    ["no momentum", other({ target: { kind: "ema" } }), "at least 0 and below 1, got undefined"],
    ["an unknown head", other({ head: "none" }), 'the preset.head to be one of batch, running, got "none"'],
    [
      "an unknown objective",
      other({ objective: "all" }),
      'the preset.objective to be one of top, areas, got "all"',
    ],
    [
      "a negative penalty",
      other({ regularizer: { variance: -1 } }),
      "the preset.regularizer.variance to be a finite number of at least 0, got -1",
    ],
    [
      "an unknown penalty",
      other({ regularizer: { sparsity: 1 } }),
      /fields among variance, covariance, got "sparsity"/,
    ],
    [
      "labels without a number of them",
      other({ heads: { class: {} } }),
      "the preset.heads.class.classes to be a whole number of at least 2, got undefined",
    ],
    [
      "an unknown head to read",
      other({ heads: { depth: {} } }),
      /the preset.heads with fields among saccade, class, got "depth"/,
    ],
    [
      "a head that never learns",
      other({ heads: { saccade: { rate: 0 } } }),
      "the preset.heads.saccade.rate to be a finite number above 0, got 0",
    ],
    [
      "unknown channels",
      other({ input: { crops: [16], size: 8, channels: "gray" } }),
      'the preset.input.channels to be one of retina, color, got "gray"',
    ],
    ["no crops", other({ input: { crops: [], size: 8 } }), "at least 1 in the preset.input.crops, got 0"],
    [
      "a huge patch",
      other({ input: { crops: [16], size: 4096 } }),
      "the preset.input.size to be a whole number from 1 to 512, got 4096",
    ],
    [
      "an unknown drive",
      area({ drive: "wavelet" }),
      'the preset.areas[0].drive to be one of linear, conv, stem, got "wavelet"',
    ],
    [
      "an unknown kind of drive",
      area({ drive: { kind: "wavelet" } }),
      /the preset.areas\[0\].drive.kind to be one of linear, conv, residual, bottleneck, got "wavelet"/,
    ],
    [
      "a kernel without a middle",
      area({ drive: { kind: "conv", size: 4 } }),
      "the preset.areas[0].drive.size to be an odd whole number",
    ],
    [
      "blocks of a convolution",
      area({ drive: { kind: "conv", blocks: 2 } }),
      /drive with fields among kind, size, got "blocks"/,
    ],
    ["no units", area({ units: 0 }), "the preset.areas[0].units to be a whole number of at least 1, got 0"],
    [
      "half a stride",
      area({ stride: 0.5 }),
      "the preset.areas[0].stride to be a whole number of at least 1, got 0.5",
    ],
    [
      "unknown gates",
      area({ gates: "wide" }),
      'the preset.areas[0].gates to be one of pointwise, depthwise, conv, got "wide"',
    ],
    [
      "an area that keeps all",
      area({ keep: 1 }),
      "the preset.areas[0].keep to be a share between 0 and 1, got 1",
    ],
    [
      "an area that keeps nothing",
      area({ keep: [0.5, 0] }),
      "the preset.areas[0].keep[1] to be a share between 0 and 1, got 0",
    ],
    [
      "more shares than units",
      area({ keep: [0.1, 0.2, 0.3, 0.4] }),
      "at most 3 shares in the preset.areas[0].keep, one for each unit, got 4",
    ],
    [
      "an unknown field of an area",
      area({ bias: 2 }),
      /the preset.areas\[0\] with fields among .*, got "bias"/,
    ],
    [
      "the stride of a matrix",
      area({ stride: 2 }, dense),
      "the preset.areas[0] without stride, of which a linear drive has no use, got 2",
    ],
    [
      "the gates of a matrix",
      area({ gates: "conv" }, dense),
      "without gates, of which a linear drive has no use, got conv",
    ],
    [
      "the stride of a stem",
      area({ drive: "stem", stride: 2 }),
      "without stride, of which a stem drive has no use, got 2",
    ],
  ])("with %s is refused in one sentence", (_, value, words) => {
    const made = (): unknown => jepa({ preset: value as Preset, steps: 4 });
    expect(made).toThrow(ArgumentError);
    expect(made).toThrow(words);
    expect(made).toThrow(/^jepa: expected [^\n]+, got [^\n]+$/);
  });

  it("without a dense area has no context to read", () => {
    const areas = small().areas.slice(0, 1);
    for (const [parts, reader] of [
      [{ predictor: { kind: "linear", context: true } }, "predictor.context"],
      [{ heads: { saccade: {} } }, "heads.saccade"],
      [{ heads: { class: { classes: 2, from: "context" } } }, "heads.class"],
    ] as const)
      expect(() => jepa({ preset: small({ areas, ...parts }), steps: 4 })).toThrow(
        `jepa: expected a preset with a linear drive, whose states ${reader} reads as the context, got none`,
      );
    expect(() =>
      jepa({ preset: small({ areas, heads: { class: { classes: 2 } } }), steps: 4 }),
    ).not.toThrow();
  });

  it("is asked for with its options by name", () => {
    const preset = small();
    expect(() => jepa({ preset, steps: 1 })).toThrow(
      "jepa: expected steps to be a whole number of at least 2, got 1",
    );
    expect(() => jepa({ preset, steps: 2, decay: -1 })).toThrow(
      "jepa: expected decay to be a finite number of at least 0",
    );
    expect(() => jepa({ preset, steps: 2, rate: 1 } as never)).toThrow(
      /jepa: expected options among .*, got "rate"/,
    );
  });
});

describe("what a preset needs", () => {
  it("is more than one stream, for a mean or a variance over them", () => {
    const streams = (parts: Partial<Preset>, count: number) => () =>
      requireStreams("test", small(parts), count);
    expect(streams({}, 1)).toThrow(/^test: expected at least 2 streams for a head .*, got 1$/);
    expect(streams({ head: "running", regularizer: { variance: 1 } }, 1)).toThrow(/for a regularizer/);
    expect(streams({ head: "running", regularizer: { variance: 0 } }, 1)).not.toThrow();
    expect(streams({ regularizer: { variance: 1 } }, 2)).not.toThrow();
  });

  it("is as many labels as it tells apart", () => {
    const asked = (labels: readonly string[] | undefined) => () =>
      requireLabels("test", small({ heads: { class: { classes: 2 } } }), labels);
    expect(asked(undefined)).toThrow(
      "test: expected data with 2 labels for heads.class, got data without labels",
    );
    expect(asked(["cat", "dog", "eel"])).toThrow("test: expected data with 2 labels for heads.class, got 3");
    expect(asked(["cat", "dog"])).not.toThrow();
    expect(() => requireLabels("test", small(), undefined)).not.toThrow();
  });
});
