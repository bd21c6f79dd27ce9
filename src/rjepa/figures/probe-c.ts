import { probe } from "./_probe.js";

export const figure = probe("probeC", "the recurrent states", ({ context }) => context);
