import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/index.js";
import { presets } from "../../../src/rjepa/parts/preset.js";
import { assembled, type Said } from "../../../src/rjepa/run/assemble.js";
import { type Config, configOf } from "../../../src/rjepa/run/config.js";
import { type Control, recipeNamed } from "../../../src/rjepa/run/recipe.js";
import { small } from "../parts/small.js";

/** Recipes whose figures are in the docs. */
const published = ["content", "memory", "online", "tiny"] as const;
const set = (path: string, value: unknown) => ({ path, value, by: "--set" });
const from = (said: Said): Config => assembled("train", said);
const online = from({ recipe: "online" });

describe("a configuration", () => {
  it.each(published)("of the recipe %s says all that its defaults are", (name) => {
    const config = from({ recipe: name });
    const { preset } = config.recipe;
    expect(preset.recurrent).toBe(true);
    expect(preset.areas[0]).toMatchObject({
      gates: "pointwise",
      shared: false,
      activation: "tanh",
      pool: false,
    });
    // what has no use for a stride is given none
    expect(Object.keys(preset.areas[5])).toEqual(["drive", "units", "shared", "activation", "keep"]);
    expect(config).toMatchObject({ control: "none", testShare: 0.25, seed: 1 });
    expect(config).toMatchObject({ recipe: recipeNamed(name) });
    // nothing is left to be filled in
    expect(configOf("train", JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each(Object.keys(presets))("takes the preset %s, by its name or as a whole", (name) => {
    const [byName, whole] = [name, presets[name]].map((preset) =>
      from({ recipe: "content", content: { recipe: { preset } } }),
    );
    expect(byName).toEqual(whole);
    expect(byName.recipe.preset).toMatchObject(presets[name]);
    expect(from({ recipe: "content", settings: [set("recipe.preset", name)] })).toEqual(byName);
  });

  it("is what a file says over the recipe that it names, and single values over both", () => {
    const file = { recipe: { name: "online", rate: 5e-4 }, seed: 7 };
    const config = from({
      content: file,
      settings: [set("recipe.preset.areas.5.keep", 0.9), set("source.viewers", 3), set("seed", 8)],
    });
    const { preset } = recipeNamed("online");
    expect(config.recipe).toMatchObject({ rate: 5e-4, batch: 8, updates: 945 });
    expect(config.recipe.preset.areas.map(({ keep }) => keep)).toEqual([
      ...preset.areas.slice(0, 5).map(({ keep }) => keep),
      0.9,
    ]);
    expect(config).toMatchObject({ seed: 8, source: { kind: "scenes", viewers: 3 } });
    // neither the recipe nor the file is changed
    expect(from({ recipe: "online" })).toEqual(online);
    expect(file.seed).toBe(7);
  });

  it("names its recipe by a text alone, and another kind of source replaces the whole of one", () => {
    expect(from({ content: { recipe: "online" } })).toEqual(online);
    const source = { kind: "folder", images: "photos", scanpaths: "paths.json" };
    const over = from({ content: { ...online, source } });
    expect(over.source).toEqual(source);
    expect(from({ content: { ...online, source: { kind: "folder", images: "photos" } } }).source).toEqual({
      kind: "folder",
      images: "photos",
      sampler: "centerBiased",
      viewers: 1,
    });
  });

  it("of one's own, with a preset of one's own, is as good as ours", () => {
    const recipe = { ...recipeNamed("online"), name: "mine", preset: small({ recurrent: false }) };
    const config = from({ content: { recipe } });
    expect(config.recipe.name).toBe("mine");
    expect(config.recipe.preset).toMatchObject(small({ recurrent: false }));
    const { rate: _, ...lacking } = recipe;
    expect(() => from({ content: { recipe: lacking } })).toThrow(
      /expected recipe\.rate to be a positive number/,
    );
  });

  const area = "recipe.preset.areas.2";
  it.each<[string, unknown, RegExp]>([
    [`${area}.keap`, 0.5, /recipe\.preset\.areas\.2\.keap: unknown, expected one of drive, units, .*keep$/],
    [`${area}.keep`, 1.5, /expected recipe\.preset\.areas\.2\.keep to be a share between 0 and 1, got 1\.5/],
    [`${area}.keep`, [0.5, 0], /expected recipe\.preset\.areas\.2\.keep\.1 to be a share/],
    [`${area}.keep`, [], /expected recipe\.preset\.areas\.2\.keep to be a list of at least 1, got 0/],
    [`${area}.units`, 0.5, /expected recipe\.preset\.areas\.2\.units to be a whole number/],
    [`${area}.drive`, "dense", /expected recipe\.preset\.areas\.2\.drive to be one of linear, conv/],
    [
      `${area}.drive`,
      { kind: "conv", side: 3 },
      /areas\.2\.drive\.side: unknown, expected one of kind, size/,
    ],
    [`${area}.drive`, { size: 3 }, /expected recipe\.preset\.areas\.2\.drive\.kind to be one of/],
    [
      `${area}.drive.size`,
      3,
      /drive\.size: expected a path of the configuration, got one below .*areas\.2\.drive/,
    ],
    ["recipe.preset.areas.6.keep", 0.5, /areas\.6\.keep: expected a number from 0 to 5 in place of "6"/],
    ["recipe.preset.areas.-1", 0.5, /expected a number from 0 to 5 in place of "-1"/],
    ["recipe.preset.areas", [], /expected recipe\.preset\.areas to be a list of at least 1/],
    ["recipe.preset", "huge", /preset: expected one of content, .*got "huge"/],
    ["recipe.preset", null, /expected recipe\.preset to be an object/],
    ["recipe.preset.input.crops.0", "64", /expected recipe\.preset\.input\.crops\.0 to be a whole number/],
    ["recipe.rat", 1, /recipe\.rat: unknown, expected one of name, preset, steps/],
    ["recipe.rate", Number.POSITIVE_INFINITY, /expected recipe\.rate to be a positive number/],
    ["recipe.rate", "5e-4", /expected recipe\.rate to be a positive number, got a string/],
    ["recipe.decay", -1, /expected recipe\.decay to be a number of at least 0/],
    ["recipe.momentum", 0, /expected recipe\.momentum to be a weight above 0/],
    ["recipe.steps", 1, /expected recipe\.steps to be a whole number of at least 2/],
    ["recipe.rule", "magic", /rule: expected one of .*got "magic"/],
    ["recipe.credit", "some", /expected recipe\.credit to be one of exact, local/],
    ["recipe", "other", /expected recipe to be an object/],
    ["control", "color", /expected control to be one of none, shuffle, collapse, feedforward, got "color"/],
    ["source.images", "photos", /source\.images: unknown, expected one of kind, moving, count, width/],
    ["source.kind", "film", /expected source\.kind to be one of folder, labeled, video, scenes, got "film"/],
    ["source.sampler", "dice", /expected source\.sampler to be one of uniform/],
    ["source.count", 1, /expected source\.count to be a whole number of at least 2/],
    ["source", { kind: "folder" }, /expected source\.images to be a string/],
    ["source", { kind: "folder", images: "" }, /expected source\.images of 1 to 4096 characters/],
    [
      "source",
      { kind: "folder", images: "a", scanpaths: "b", sampler: "uniform" },
      /source\.sampler: expected no scanpaths beside it/,
    ],
    ["testShare", 1, /expected testShare to be a share between 0 and 1/],
    ["seed", -1, /expected seed to be a whole number of at least 0/],
    ["seeds", 1, /train: seeds: unknown, expected one of format, recipe/],
    ["__proto__.seed", 1, /__proto__: unknown, expected one of format/],
    ["", 1, /: unknown, expected one of format/],
    ["format", "onward-run-2", /expected format to be one of onward-run-1/],
  ])("is refused with %s = %j, by its path", (path, value, sentence) => {
    const wrong = () => from({ recipe: "online", settings: [set(path, value)] });
    expect(wrong).toThrow(sentence);
    expect(wrong).not.toThrow(/\n/);
  });

  it("is refused where what is said does not go together", () => {
    const twice = [set("seed", 1), { ...set("seed", 2), by: "--seed" }];
    expect(() => from({ recipe: "online", settings: twice })).toThrow(
      /expected seed to be said once, .* --seed/,
    );
    expect(() => from({ recipe: "memory", content: { recipe: "online" } })).toThrow(
      /expected the recipe online that the configuration names, got memory/,
    );
    expect(() => from({ content: [] })).toThrow(ArgumentError);
    const local = [set("recipe.credit", "local"), set("recipe.rule", "bptt")];
    expect(() => from({ recipe: "online", settings: local })).toThrow(/local belongs to the rule rfp/);
    expect(from({ recipe: "online", settings: [local[0]] }).recipe.credit).toBe("local");
  });

  it("of the control shuffle needs a batch that takes every patch of a sequence from another one", () => {
    const shuffled = (batch: number) =>
      from({ recipe: "online", settings: [set("control", "shuffle"), set("recipe.batch", batch)] });
    // in steps of 3 through so many sequences: the same come again before 8 patches are taken
    for (const batch of [1, 2, 3, 6, 7, 12, 21])
      expect(() => shuffled(batch)).toThrow(/expected for shuffle a recipe.batch/);
    for (const batch of [8, 10, 16, 48, 64]) expect(shuffled(batch).control).toBe("shuffle");
  });
});

describe("the saved configurations", () => {
  const folder = new URL("../../../configs/", import.meta.url);
  const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
  const all: readonly (readonly [string, string, Control])[] = [
    ...published.map((name) => [`${name}.json`, name, "none"] as const),
    ...(["shuffle", "collapse", "feedforward"] as const).map(
      (control) => [`content-${control}.json`, "content", control] as const,
    ),
  ];

  it.each(all)("%s is accepted, and is what the recipe gives", (file, recipe, control) => {
    const config = from({ content: read(file) });
    const { source, labeled } = config;
    expect(source.kind).toBe("folder");
    expect(config).toEqual(
      from({ recipe, settings: [set("control", control), set("source", source), set("labeled", labeled)] }),
    );
    // it is whole: what defaults become later does not change it
    expect(read(file)).toEqual(config);
  });

  it("are those of the published figures", () => {
    expect(readdirSync(folder).sort()).toEqual(all.map(([file]) => file).sort());
  });
});
