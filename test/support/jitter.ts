const LONGEST_MS = Number(process.env['WEIR_TEST_JITTER_MS'] ?? 0);

/**
 * Holds back requests at random: most hardly at all, one in ten longer than a third of WEIR_TEST_JITTER_MS, none longer than
 * that. What is sent together then comes in in any order, with stragglers, and a test that takes one for granted fails.
 * Without the variable nothing waits.
 */
export function jitter(): Promise<void> | undefined {
  if (LONGEST_MS === 0) return undefined;
  return new Promise((resolve) => void setTimeout(resolve, LONGEST_MS * Math.random() ** 10));
}
