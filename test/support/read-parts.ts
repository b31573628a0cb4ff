/** Reads a list that is told in parts to its end. @param read one part, by its query */
export async function readParts<Part extends { readonly next?: string }>(
  read: (query: Readonly<Record<string, string>>) => Promise<Part>,
  query: Readonly<Record<string, string>>,
): Promise<Part[]> {
  const parts = [await read(query)];
  for (let { next } = parts[0]!; next !== undefined; { next } = parts.at(-1)!)
    parts.push(await read({ ...query, next }));
  return parts;
}
