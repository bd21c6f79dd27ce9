import { identification } from "./_identification.js";

export const figure = identification("identificationC", "the recurrent states", ({ context }) => context);
