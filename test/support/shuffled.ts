/** The same tree with the keys of every object in another order, drawn by a seed. Keys like integers keep theirs, as in any object. */
export function shuffled<T>(tree: T, isLeaf: (node: unknown) => boolean, seed: number): T {
  let state = seed >>> 0;
  const next = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const visit = (node: unknown): unknown => {
    if (isLeaf(node) || node === null || typeof node !== "object") return node;
    if (Array.isArray(node)) return node.map(visit);
    const names = Object.keys(node);
    const before = names.join();
    for (let i = names.length - 1; i > 0; i--) {
      const j = next(i + 1);
      [names[i], names[j]] = [names[j], names[i]];
    }
    // another order for sure, where there is one
    if (names.join() === before) names.reverse();
    const pairs = names.map((name) => [name, visit((node as Record<string, unknown>)[name])] as const);
    return Object.fromEntries(pairs);
  };
  return visit(tree) as T;
}
