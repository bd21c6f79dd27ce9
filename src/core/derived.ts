/**
 * An object that is another but for some members, as a spread makes of a plain one: what comes from the other's class is there
 * too, and its methods are called on it.
 */
export function derived<T extends object>(of: T, members: Partial<T>): T {
  const own: Record<string, unknown> = {};
  for (let at: object = of; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name === "constructor" || Object.hasOwn(own, name)) continue;
      const value: unknown = Reflect.get(of, name);
      own[name] = typeof value === "function" ? value.bind(of) : value;
    }
  return Object.assign(own, members) as T;
}
