import { bottleneck } from "./bottleneck.js";
import { conv } from "./conv.js";
import { linear } from "./linear.js";
import { residual } from "./residual.js";
import { stem } from "./stem.js";

/** What may drive a cell, by name: call one with sizes, such as `drives.conv({ input: [3, 8, 8], units: 4 })`. */
export const drives = { linear, conv, residual, bottleneck, stem } as const;
