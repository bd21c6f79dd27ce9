import { having } from "../core/kinds.js";
import { foldIn, type Key } from "../core/prng.js";
import type { Image } from "./image.js";
import { aKey } from "./kinds.js";
import { scene } from "./scenes.js";

/** The name of a synthetic scene. */
export const sceneName = (i: number): string => `scene-${String(i + 1).padStart(5, "0")}`;

/** One synthetic scene of a data set, by its name. */
export function sceneNamed(
  options: { readonly key: Key; readonly width: number; readonly height: number },
  name: string,
): Image {
  having({ key: aKey })("sceneNamed", "options", options);
  return scene(foldIn(options.key, name), options.width, options.height, name);
}

/** The key of what one viewer looks at in a scene. */
export const sceneViewer = (key: Key, name: string, viewer: number): Key =>
  foldIn(foldIn(key, `${name} fixations`), viewer);
