import { ArgumentError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { isTensor } from "../tensor/tensor.js";
import type { Model, ModelParams } from "./model.js";

/** Requires the parameters that a model's areas declare, by name and shape. @throws ShapeError, ArgumentError */
export function requireParams<S>(who: string, model: Model<S>, params: ModelParams): void {
  if (params.areas.length !== model.areas.length)
    throw new ArgumentError(
      `${who}: expected parameters of ${model.areas.length} areas, got ${params.areas.length}`,
    );
  model.areas.forEach(({ shapes }, i) => {
    const own = params.areas[i];
    for (const [name, shape] of Object.entries(shapes)) {
      const found = Object.hasOwn(own, name) ? own[name] : undefined;
      if (!isTensor(found) || !sameShape(found.shape, shape))
        throw new ShapeError(
          `${who}: areas.${i}.${name} must have shape ${formatShape(shape)}, got ${isTensor(found) ? formatShape(found.shape) : typeof found}`,
        );
    }
    for (const name of Object.keys(own))
      if (!Object.hasOwn(shapes, name))
        throw new ArgumentError(
          `${who}: expected areas.${i} to have ${Object.keys(shapes).join(", ")}, got ${name}`,
        );
  });
}
