import { probe } from "./_probe.js";

export const figure = probe("probeH", "h", ({ h }) => h);
