import { ArgumentError } from "../../core/errors.js";
import { fieldOf, isArray, isPlain, type Kind, kindOf } from "../../core/kinds.js";

/**
 * What a part of a configuration must be, at a path such as `recipe.preset.areas.2.keep`. It gives the part back with all that
 * was left out filled in, in an order of its own. @throws ArgumentError
 */
export type Field = (who: string, path: string, given: unknown) => unknown;

const within = (path: string, name: string | number): string => (path === "" ? `${name}` : `${path}.${name}`);
const called = (path: string): string => (path === "" ? "the configuration" : path);

/** A value of a kind; what it is where it is left out, which nothing allows without `otherwise`. */
export const leaf =
  (kind: Kind, otherwise?: unknown): Field =>
  (who, path, given) => {
    if (given === undefined && otherwise !== undefined) return otherwise;
    kind(who, path, given);
    return given;
  };

/** A part that may be left out, and is so then. */
export const optional =
  (field: Field): Field =>
  (who, path, given) =>
    given === undefined ? undefined : field(who, path, given);

/** An object of these parts and no others; where it is left out, one of what its parts are then. */
export const record =
  (fields: Readonly<Record<string, Field>>): Field =>
  (who, path, given = {}) => {
    if (!isPlain(given))
      throw new ArgumentError(
        `${who}: expected ${called(path)} to be an object with ${Object.keys(fields).join(", ")}, got ${kindOf(given)}`,
      );
    const stranger = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
    if (stranger !== undefined)
      throw new ArgumentError(
        `${who}: ${within(path, stranger)}: unknown, expected one of ${Object.keys(fields).join(", ")}`,
      );
    const parts = Object.entries(fields).map(([name, field]) => {
      const part = Object.hasOwn(given, name) ? fieldOf(who, called(path), given, name) : undefined;
      return [name, field(who, within(path, name), part)] as const;
    });
    return Object.fromEntries(parts.filter(([, part]) => part !== undefined));
  };

/** A list of parts, at least so many. */
export const listOfParts =
  (part: Field, least = 1): Field =>
  (who, path, given) => {
    if (!isArray(given) || given.length < least)
      throw new ArgumentError(
        `${who}: expected ${path} to be a list of at least ${least}, got ${isArray(given) ? given.length : kindOf(given)}`,
      );
    return Array.from(given, (_, i) => part(who, within(path, i), fieldOf(who, path, given, `${i}`)));
  };

/** An object whose part `kind` says which parts it has besides. */
export const byKind =
  (
    kinds: Readonly<Record<string, Readonly<Record<string, Field>>>>,
    named: Kind,
    otherwise?: string,
  ): Field =>
  (who, path, given = {}) => {
    const kind = isPlain(given) ? (fieldOf(who, path, given, "kind") ?? otherwise) : undefined;
    if (isPlain(given)) named(who, within(path, "kind"), kind);
    const own = kinds[`${kind}`] ?? {};
    return record({ kind: leaf(named, otherwise), ...own })(who, path, given);
  };
