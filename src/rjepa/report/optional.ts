import { OnwardError } from "../../core/errors.js";

type Vega = typeof import("vega");
type VegaLite = typeof import("vega-lite");
type Sharp = typeof import("sharp");

/** The plotting packages. @throws OnwardError that says what to install where one is missing. */
export async function loadPlotting(): Promise<{ vega: Vega; vegaLite: VegaLite }> {
  const purpose = "draw its plots";
  const [vega, vegaLite] = await Promise.all([
    load<Vega>("vega", purpose, "vega@5 vega-lite@5"),
    load<VegaLite>("vega-lite", purpose, "vega@5 vega-lite@5"),
  ]);
  return { vega, vegaLite };
}

/** The image encoder. @throws OnwardError that says what to install where it is missing. */
export async function loadSharp(): Promise<Sharp["default"]> {
  return (await load<Sharp>("sharp", "encode its images", "sharp")).default;
}

/** The name is a variable so that bundlers for browsers do not look for packages that may not be there. */
async function load<M>(name: string, purpose: string, install: string): Promise<M> {
  try {
    return (await import(name)) as M;
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split(/\n| imported from /)[0];
    throw new OnwardError(
      `report: needs ${name} to ${purpose}; run "npm install ${install}" (loading it said: ${reason})`,
    );
  }
}
