import { ArgumentError, ShapeError } from "../core/errors.js";
import { flag, type Known, nameIn, oneOf, options as optionsOf } from "../core/kinds.js";
import { formatShape, type Shape } from "../core/shape.js";
import { add, elu, mul, neg, sigmoid, tanh } from "../ops/pointwise.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Cell, type CellKind, type CellParams, defineCell, type Geometry } from "./_cell.js";
import { type Gate, gates, perChannel } from "./_gates.js";
import { aDrive, type Drive } from "./drives/_drive.js";
import { conv } from "./drives/conv.js";
import { linear } from "./drives/linear.js";

/** How the gates of a reciprocal gated circuit read its states. */
export type CircuitGates = "vector" | "pointwise" | "depthwise" | "conv";

export interface CircuitOptions {
  /** What u_h and u_c are made by. */
  readonly drive: Drive;
  /**
   * A weight per unit, `vector`, where the drive gives [n]; where it gives [C, H, W] a weight per channel, `pointwise`, or 3x3
   * kernels within channels, `depthwise`, or over all of them, `conv`. Default: the first that fits.
   */
  readonly gates?: CircuitGates;
  /** Whether u_h and u_c are one drive with one set of parameters, and only their biases differ; default false. */
  readonly shared?: boolean;
  /** φ; default elu. */
  readonly activation?: "elu" | "tanh";
}

const making: Known<CircuitOptions> = {
  drive: aDrive,
  gates: nameIn(gates),
  shared: flag,
  activation: oneOf("elu", "tanh"),
};

const [ofH, ofC] = ["h", "c"] as const;

/** What parameters of a drive are called in a circuit: as they are where it is shared, else with the state behind, Kh and Kc. */
const called = (name: string, state: typeof ofH | typeof ofC, shared: boolean): string =>
  shared ? name : `${name}${state}`;

/** Names in a circuit of its drive's parameters, those of u_h before those of u_c, each with its name in the drive. */
export function drivenNames({
  drive,
  shared = false,
}: Pick<CircuitOptions, "drive" | "shared">): readonly (readonly [own: string, inDrive: string])[] {
  const names = Object.keys(drive.shapes);
  const states = shared ? [ofH] : [ofH, ofC];
  return states.flatMap((state) => names.map((name) => [called(name, state, shared), name] as const));
}

interface Parts extends Pick<CircuitOptions, "shared">, Pick<Drive, "initial"> {
  /** Whether only pictures are taken. */
  readonly spatial?: boolean;
}

const squashes = { elu, tanh };

/** The equations, around drives that a geometry makes. */
function circuit<P extends string>(
  name: string,
  kind: CircuitGates,
  driveOf: (g: Omit<Geometry, "state">) => Drive,
  { shared = false, initial = {}, spatial = kind !== "vector" }: Parts = {},
): CellKind<P, "h" | "c"> {
  const gate: Gate = gates[kind];
  const isPicture = kind !== "vector";
  const known = new WeakMap<object, Drive>();
  const drive = (g: Geometry): Drive => {
    const made = known.get(g) ?? driveOf(g);
    known.set(g, made);
    return made;
  };
  const biased = (u: Tensor, b: Tensor): Tensor => add(u, isPicture ? perChannel(b) : b);
  return defineCell<string, "h" | "c">({
    name,
    equations:
      "u_h = Kh∗x + bh; u_c = Kc∗x + bc; c' = φ((1−σ(wcc∗c + gcc))⊙c + (1−σ(whc∗h + ghc))⊙u_c); h' = φ((1−σ(whh∗h + ghh))⊙h + (1−σ(wch∗c + gch))⊙u_h)",
    pure: true,
    locality: gate.locality,
    states: ["h", "c"],
    spatial,
    stateShape: (g) => driveOf(g).outputShape,
    activation: "elu",
    initial,
    shapes: (g) => {
      const { shapes } = drive(g);
      const of = (state: typeof ofH | typeof ofC): Record<string, Shape> =>
        Object.fromEntries(
          Object.entries(shapes).map(([each, shape]) => [called(each, state, shared), shape]),
        );
      const n = g.units;
      const w = gate.weight(n);
      return {
        ...of(ofH),
        bh: [n],
        ...(shared ? {} : of(ofC)),
        bc: [n],
        wcc: w,
        whc: w,
        whh: w,
        wch: w,
        gcc: [n],
        ghc: [n],
        ghh: [n],
        gch: [n],
      };
    },
    next: (p, { h, c }, x, g) => {
      const squash = squashes[g.activation];
      const open = (v: Tensor, w: Tensor, b: Tensor): Tensor => sigmoid(neg(gate.apply(v, w, b, g.units)));
      const by = drive(g);
      const names = Object.keys(by.shapes);
      const driven = (state: typeof ofH | typeof ofC): Tensor =>
        by.apply(
          Object.fromEntries(names.map((each) => [each, p[called(each, state, shared)]])) as CellParams,
          x,
        );
      const both = shared ? driven(ofH) : null;
      const keptC = mul(open(c, p.wcc, p.gcc), c);
      const drivenC = mul(open(h, p.whc, p.ghc), biased(both ?? driven(ofC), p.bc));
      const keptH = mul(open(h, p.whh, p.ghh), h);
      const drivenH = mul(open(c, p.wch, p.gch), biased(both ?? driven(ofH), p.bh));
      return { h: squash(add(keptH, drivenH)), c: squash(add(keptC, drivenC)) };
    },
    output: (_, { h }) => h,
  }) as CellKind<P, "h" | "c">;
}

/**
 * The reciprocal gated circuit (Nayebi et al. 2018, 2022): both gates read the previous states, cell and output gate each other,
 * and every gate is 1 − σ(·), computed as σ(−·). Its states h and c have the shape of what the drive gives. Parameters of the
 * drive are called as there with the state behind, such as Kh and Kc; those of a shared one as there.
 * @throws ShapeError where the gates do not fit what the drive gives
 */
export function reciprocalGatedCircuit(options: CircuitOptions): Cell<string, "h" | "c"> {
  const who = "reciprocalGatedCircuit";
  const { drive, shared = false, activation, ...rest } = optionsOf(who, options, making, ["drive"]);
  const { name, inputShape, outputShape, initial = {} } = drive;
  const kind = rest.gates ?? (outputShape.length === 1 ? "vector" : "pointwise");
  if (outputShape.length !== (kind === "vector" ? 1 : 3))
    throw new ShapeError(
      `${who}: expected a drive that gives ${kind === "vector" ? "[n]" : "[C,H,W]"} for ${kind} gates, got ${formatShape(outputShape)} from ${name}`,
    );
  const { cell } = gates[kind];
  const made = circuit<string>(
    name === "linear" || name === "conv" ? cell : `${cell}(${name})`,
    kind,
    () => drive,
    {
      shared,
      // what the input is like is the drive's to say
      spatial: false,
      initial: Object.fromEntries(
        drivenNames({ drive, shared }).flatMap(([own, each]) =>
          initial[each] ? [[own, initial[each]]] : [],
        ),
      ),
    },
  );
  const built = made({ input: inputShape, units: outputShape[0], activation });
  const taken = drivenNames({ drive, shared }).length + 10;
  if (Object.keys(built.shapes).length < taken)
    throw new ArgumentError(
      `${who}: expected a drive whose parameters are called otherwise than the circuit's own, got ${Object.keys(drive.shapes).join(", ")}`,
    );
  return built;
}

/** One of the four cells, whose drives have one parameter each. */
const cell = (kind: CircuitGates, driveOf: (g: Omit<Geometry, "state">) => Drive) =>
  circuit<"Kh" | "Kc" | "bh" | "bc" | `${"w" | "g"}${"cc" | "hc" | "hh" | "ch"}`>(
    gates[kind].cell,
    kind,
    driveOf,
  );
const overVector = ({ input, units }: Pick<Geometry, "input" | "units">): Drive => linear({ input, units });
const overPicture = ({ input, units, stride }: Omit<Geometry, "state">): Drive =>
  conv({ input, units, stride });

export const cells = {
  rgc: cell("vector", overVector),
  rgcPointwise: cell("pointwise", overPicture),
  rgcDepthwise: cell("depthwise", overPicture),
  rgcConv: cell("conv", overPicture),
};
