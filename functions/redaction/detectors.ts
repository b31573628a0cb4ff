import type { Detector } from './detector.ts';
import { personalDetectors } from './detectors/personal/all.ts';
import { secretDetectors } from './detectors/secrets/all.ts';

let all: readonly Detector[] | undefined;

/** All that Weir detects. Asked for when the first text is to be redacted: in a bundle they come into being only then. */
export function allDetectors(): readonly Detector[] {
  return (all ??= [...secretDetectors, ...personalDetectors]);
}
