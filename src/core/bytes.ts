import { number } from "./kinds.js";

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes for people, such as `8.4 MiB`. */
export function formatBytes(bytes: number): string {
  number("formatBytes", "the bytes", bytes);
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}
