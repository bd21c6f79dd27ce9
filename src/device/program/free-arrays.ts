import type { TypedArray } from "../../core/dtype.js";

/** Arrays that nobody needs any more, for results of their kind and length. */
export class FreeArrays {
  private readonly byKind = new Map<string, TypedArray[]>();

  /** One that could stand for this; `undefined` where none is free. */
  take(like: TypedArray): TypedArray | undefined {
    return this.byKind.get(kindOf(like))?.pop();
  }

  give(data: TypedArray): void {
    const kind = kindOf(data);
    const others = this.byKind.get(kind);
    if (others) others.push(data);
    else this.byKind.set(kind, [data]);
  }
}

const kindOf = (data: TypedArray): string => `${data.constructor.name} ${data.length}`;
