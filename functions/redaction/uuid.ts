/** So far before and behind a match a UUID that holds a part of it may reach. */
const REACH = 35;
const UUID = /(?<![\w-])[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}(?![\w-])/gi;

/** Whether a match lies in a UUID: of so many random ones some look like anything. */
export function isInUuid({ 0: { length }, index, input }: RegExpExecArray): boolean {
  const from = Math.max(0, index - REACH);
  const around = input.slice(from, index + length + REACH);
  for (const uuid of around.matchAll(UUID)) {
    const start = from + uuid.index;
    if (start <= index && index + length <= start + uuid[0].length) return true;
  }
  return false;
}
