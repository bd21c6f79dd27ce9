/** Every kernel: what a new one is, and what is known of it, is said in a row of these tables and nowhere else. */
import type { Kernel } from "./kernel.js";
import { binary, others, unary } from "./pointwise.js";
import { structural } from "./structural.js";

export const pointwise = { ...unary, ...binary, ...others };
export const kernels = { ...pointwise, ...structural };
export type KernelName = keyof typeof kernels;

const byName: ReadonlyMap<string, Kernel> = new Map(Object.entries(kernels));
/** The row of a kernel; none for a name that is no kernel's. */
export const kernelNamed = (name: string): Kernel | undefined => byName.get(name);
