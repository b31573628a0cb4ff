import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take half a minute and more: begun last, one of them would run alone while the other worker rests. */
const LONGEST = [
  'streaming/soak.test.ts',
  'e2e/guide.test.ts',
  'e2e/docs.test.ts',
  'budgets/interleavings.test.ts',
  'redaction/canary.test.ts',
  'killed/budgets.test.ts',
  'killed/sweeper.test.ts',
  'input/naughty-strings.test.ts',
  'endpoints/upstream-failures.test.ts',
  'e2e/start.test.ts',
];

/** Vitest's own order, which knows nothing of a fresh clone's files but their size, behind the files that take longest. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}
