const LONGEST_MS = Number(process.env['WEIR_TEST_JITTER_MS'] ?? 0);

/**
 * Holds back every other request at random, for up to WEIR_TEST_JITTER_MS: what is sent together then comes in in any
 * order, and a test that takes one for granted fails. Without the variable nothing waits.
 */
export function jitter(): Promise<void> | undefined {
  if (LONGEST_MS === 0 || Math.random() < 0.5) return undefined;
  return new Promise((resolve) => void setTimeout(resolve, Math.random() * LONGEST_MS));
}
