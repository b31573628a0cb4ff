import type { Detector } from '../../detector.ts';
import { assignmentDetectors } from './assignment.ts';
import { businessDetectors } from './business.ts';
import { cloudDetectors } from './clouds.ts';
import { codeHostDetectors } from './code-hosts.ts';
import { credentialDetectors } from './credentials.ts';
import { generatedDetectors } from './generated.ts';
import { modelDetectors } from './models.ts';
import { observabilityDetectors } from './observability.ts';
import { structuredDetectors } from './structured.ts';
import { writtenDetectors } from './written.ts';

/** Detectors of secrets. */
export const secretDetectors: readonly Detector[] = [
  ...modelDetectors,
  ...cloudDetectors,
  ...codeHostDetectors,
  ...observabilityDetectors,
  ...businessDetectors,
  ...structuredDetectors,
  ...credentialDetectors,
  ...assignmentDetectors,
  ...writtenDetectors,
  ...generatedDetectors,
];
