/** 64 bits of a hash, as two independent 32-bit FNV-1a lanes (Fowler, Noll & Vo) over bytes or characters. */
export class Digest {
  private a = 0x811c9dc5;
  private b = 0x9dc5811c;

  add(value: number): void {
    this.a = Math.imul(this.a ^ value, 0x01000193);
    this.b = Math.imul(this.b ^ value ^ (this.b >>> 15), 0x85ebca6b);
  }

  text(words: string): void {
    for (let i = 0; i < words.length; i++) this.add(words.charCodeAt(i));
  }

  toString(): string {
    return `${(this.a >>> 0).toString(36)}.${(this.b >>> 0).toString(36)}`;
  }
}

/** An array of numbers by its kind and bytes. */
export function digestOf(data: ArrayBufferView): string {
  const hash = new Digest();
  for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) hash.add(byte);
  return `constant ${data.constructor.name} ${data.byteLength} ${hash}`;
}
