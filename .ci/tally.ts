import { readFileSync } from 'node:fs';

/** As much of vitest's JSON report as is counted here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/** What an empty file says: vitest ended before it could report. */
const nothing: Report = { numPassedTests: 0, numFailedTests: 0, testResults: [] };

const [path = '', testExitCode, failedSteps] = process.argv.slice(2);
const text = readFileSync(path, 'utf8');
const report = text === '' ? nothing : (JSON.parse(text) as Report);

// A file that did not load has failed without one failed test; a run may fail by an error outside every test.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
).length;
const failedTests = Math.max(report.numFailedTests + brokenFiles, testExitCode === '0' ? 0 : 1);
const failed = failedTests + Number(failedSteps);

console.log(`\n${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
