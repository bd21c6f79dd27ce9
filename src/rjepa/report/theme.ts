/** Colors that stay apart in gray and for color-blind readers; contrast on white is at least 4.5 for text. */
export const colors = {
  ink: "#16202c",
  text: "#3d4a58",
  muted: "#657282",
  line: "#dfe4ea",
  before: "#8b95a1",
  after: "#0b5cad",
  accent: "#c2500a",
  pass: "#12724a",
  fail: "#b3261e",
} as const;

/** Time within a sequence, from early to late. */
export const timeColors = ["#25127a", "#7b0fa0", "#bd3786", "#d9572f", "#dd8a08"] as const;

export const fontStack =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';

/** The color of step i of n, between those of `timeColors`. */
export function timeColor(i: number, n: number): string {
  const at = n > 1 ? (i / (n - 1)) * (timeColors.length - 1) : 0;
  const low = Math.min(Math.floor(at), timeColors.length - 2);
  const channel = (color: string, k: number) => Number.parseInt(color.slice(1 + 2 * k, 3 + 2 * k), 16);
  const mixed = [0, 1, 2].map((k) => {
    const [a, b] = [channel(timeColors[low]!, k), channel(timeColors[low + 1]!, k)];
    return Math.round(a + (at - low) * (b - a));
  });
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
