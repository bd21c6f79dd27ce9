import type { Storage } from "../storage.js";

/** Storage that nobody needs any more, for results of its kind and length. */
export class FreeStorage {
  private readonly byKind = new Map<string, Storage[]>();

  /** One that could stand for this; `undefined` where none is free. */
  take(like: Storage): Storage | undefined {
    return this.byKind.get(kindOf(like))?.pop();
  }

  give(data: Storage): void {
    const kind = kindOf(data);
    const others = this.byKind.get(kind);
    if (others) others.push(data);
    else this.byKind.set(kind, [data]);
  }
}

const kindOf = ({ device, dtype, length }: Storage): string => `${device} ${dtype} ${length}`;
