import { identification } from "./_identification.js";

export const figure = identification("identificationH", "h", ({ h }) => h);
