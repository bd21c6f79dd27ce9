/** A value that is computed when it is first asked for. */
export function once<V>(compute: () => V): () => V {
  let found: { readonly value: V } | null = null;
  return () => {
    found ??= { value: compute() };
    return found.value;
  };
}
