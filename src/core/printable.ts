/** Control characters, ends of lines, halves of characters, and what turns the direction of writing. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\ufeff]/gu;

const escaped: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const escapeOne = (character: string): string =>
  escaped[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * Text from outside on one line, safe on any terminal: what would move a cursor, color, end the line or reverse the
 * writing is spelled out as in JSON, so that JSON stays what it is. Nothing changes when it is applied again.
 */
export const printable = (text: string): string => text.replace(unprintable, escapeOne);

/** The same for text of several lines, whose ends stay. */
export const printableLines = (text: string): string =>
  text.replace(unprintable, (character) => (character === "\n" ? character : escapeOne(character)));
