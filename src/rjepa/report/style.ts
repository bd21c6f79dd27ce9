import { colors, fontStack } from "./theme.js";

/** The style sheet of the report page. */
export const style = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body {
  margin: 0; background: #fff; color: ${colors.text};
  font: 17px/1.6 ${fontStack}; -webkit-font-smoothing: antialiased;
}
main { max-width: 1140px; margin: 0 auto; padding: 76px 36px 48px; }
h1, h2, h3, strong, th { color: ${colors.ink}; }
h1 { font-size: clamp(2.2rem, 5vw, 3.3rem); line-height: 1.08; letter-spacing: -0.025em; margin: 0 0 20px; font-weight: 700; }
h2 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 10px; font-weight: 650; }
h3 { font-size: 1.06rem; margin: 0 0 14px; font-weight: 650; }
p { margin: 0 0 12px; max-width: 68ch; }
section { margin-top: 88px; }
.eyebrow { color: ${colors.after}; font-size: 0.82rem; font-weight: 650; letter-spacing: 0.09em; text-transform: uppercase; margin: 0 0 14px; }
.lead { font-size: 1.26rem; line-height: 1.52; max-width: 62ch; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(205px, 1fr)); gap: 0 40px; margin: 52px 0 0; }
.facts div { border-top: 2px solid ${colors.ink}; padding: 14px 0 6px; }
.facts dt { font-size: 0.9rem; line-height: 1.4; color: ${colors.muted}; }
.facts dd { margin: 0 0 2px; font-size: 2rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.02em; color: ${colors.ink}; white-space: nowrap; }
.facts dl, .facts { padding: 0; }
.facts dd sup { font-size: 0.55em; line-height: 0; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 52px 56px; margin-top: 36px; align-items: start; }
figure { margin: 0; min-width: 0; }
figure > svg, .scene svg { display: block; width: 100%; height: auto; }
figcaption { font-size: 0.92rem; line-height: 1.52; color: ${colors.text}; margin-top: 14px; max-width: 62ch; }
table { border-collapse: collapse; width: 100%; font-size: 0.95rem; line-height: 1.42; }
thead th { font-size: 0.8rem; font-weight: 600; color: ${colors.muted}; border-bottom: 1.5px solid ${colors.ink}; padding: 8px 14px 8px 0; }
th { text-align: left; font-weight: 620; }
tbody th, tbody td { border-bottom: 1px solid ${colors.line}; padding: 11px 14px 11px 0; vertical-align: top; }
tbody th { white-space: nowrap; }
tr > :last-child { padding-right: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.before { color: ${colors.muted}; }
td.after { color: ${colors.after}; font-weight: 650; }
.figures .meaning { min-width: 270px; }
.figures .required { min-width: 210px; padding-left: 22px; }
.figures thead th:last-child { padding-left: 22px; }
.figures { margin-top: 26px; }
td small { color: ${colors.muted}; font-weight: 400; }
.badge { font-weight: 650; white-space: nowrap; margin-right: 6px; }
.badge.pass { color: ${colors.pass}; }
.badge.fail { color: ${colors.fail}; }
.scroll { overflow-x: auto; }
.blocks { max-height: 356px; overflow-y: auto; border-bottom: 1px solid ${colors.line}; }
.blocks thead th { position: sticky; top: 0; background: #fff; box-shadow: inset 0 -1.5px 0 ${colors.ink}; border: 0; }
.blocks tbody th, .blocks tbody td { padding-top: 6px; padding-bottom: 6px; }
.blocks th, .blocks td { padding-right: 14px; }
.blocks tr > :last-child { padding-right: 14px; }
code { font: 0.9em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
sup { line-height: 0; }
.scene { margin-top: 30px; border-radius: 10px; overflow: hidden; }
.patches { list-style: none; display: grid; grid-template-columns: repeat(auto-fit, minmax(64px, 1fr)); gap: 14px; margin: 22px 0 0; padding: 0; }
.patches li { text-align: center; max-width: 150px; }
.patches img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 6px; border-bottom: 5px solid var(--time); }
.patches span { display: block; font-size: 0.85rem; font-weight: 650; margin-top: 5px; color: ${colors.ink}; }
.run { display: grid; grid-template-columns: repeat(auto-fit, minmax(205px, 1fr)); gap: 18px 40px; margin: 26px 0 0; }
.run dt { font-size: 0.82rem; color: ${colors.muted}; }
.run dd { margin: 0; color: ${colors.ink}; overflow-wrap: anywhere; }
footer { margin-top: 72px; padding-top: 18px; border-top: 1px solid ${colors.line}; font-size: 0.87rem; color: ${colors.muted}; }
footer p { max-width: none; }
@media (max-width: 640px) { main { padding: 44px 20px 32px; } section { margin-top: 60px; } .facts dd { font-size: 1.65rem; } }
@media print {
  body { font-size: 11pt; } main { max-width: none; padding: 0; } section { margin-top: 32px; }
  figure, tr, .facts { break-inside: avoid; } .blocks { max-height: none; overflow: visible; }
}
`;
