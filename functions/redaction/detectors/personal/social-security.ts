import type { Detector } from '../../detector.ts';

/** US social security numbers, and the tax numbers that stand in for them (ITIN). Bare digits: see labelled-id.ts. */
export const socialSecurity: Detector = {
  kind: 'SSN',
  category: 'personal',
  anchor: { digits: 9 },
  // No area 000, 666; 9xx only with an ITIN's groups; no group 00, no serial 0000.
  pattern:
    /(?<![\w.+#$-]|\d )(?:(?!000|666|9)\d{3}([ -])(?!00)\d\d|9\d\d([ -])(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9]))(?:\1|\2)(?!0000)\d{4}(?![\w-]| \d|\.\d)/y,
  longest: 16,
  example: '219-09-9998',
  source: 'ssa.gov/employer/randomization.html; irs.gov, ITIN reference guide',
};
