import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DEPLOYED_OUTPUTS_FILE, LOCAL_OUTPUTS_FILE, readOutputs, type WeirOutputs } from '#infra/outputs.ts';
import { reasonOf, UsageFailure } from './failure.ts';

/** A running Weir, and the file that says where it is. */
export interface FoundWeir {
  readonly outputs: WeirOutputs;
  readonly file: string;
}

/**
 * The Weir that a command is meant for: the one that is named, else this machine's, else the deployed one.
 * @throws UsageFailure that says what to do first
 */
export async function findWeir(named: string | undefined, dataDir: string): Promise<FoundWeir> {
  const local = join(dataDir, LOCAL_OUTPUTS_FILE);
  const file = named ?? (existsSync(local) ? local : DEPLOYED_OUTPUTS_FILE);
  try {
    return { outputs: await readOutputs(file), file };
  } catch (error) {
    throw new UsageFailure(reasonOf(error));
  }
}
