export declare function wave(size: number, seed: number, scale?: number, offset?: number): Float32Array;
export declare function chirp(size: number, seed: number, scale?: number, offset?: number): Float32Array;
export declare function checksum(values: ArrayLike<number>): [number, number];
export declare function oneHot(batch: number, classes: number): Float32Array;
