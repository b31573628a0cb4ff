import type { Evaluation } from '#edge/specs.ts';
import type { EndpointOnTrial, Judged } from './endpoint-on-trial.ts';

/** One example, to be answered by one model. */
export interface Job {
  readonly onTrial: EndpointOnTrial;
  readonly evaluation: Evaluation;
  readonly name: string;
}

export type DoneJob = Job & { readonly judged: Judged };

/** Calls under way together. */
const AT_ONCE = 4;

/**
 * Does all jobs, some side by side. Each call holds the most that it may cost, so that several together may be refused where one
 * alone is not: what is refused is tried once more, alone. A budget that refuses even that ends the run.
 *
 * @param ended ends the run: nothing more is begun
 * @returns what was done, in the jobs' order
 */
export async function runJobs(
  jobs: readonly Job[],
  { ended, onDone }: { readonly ended: AbortSignal; readonly onDone: (job: DoneJob) => void },
): Promise<{ readonly done: readonly DoneJob[]; readonly refusal?: string }> {
  const done = new Map<Job, DoneJob>();
  const refused: Job[] = [];
  const open = jobs.values();
  const judge = async (job: Job) => {
    const judged = await job.onTrial.judge(job.evaluation);
    if (judged.isRefused) return judged;
    const ready = { ...job, judged };
    done.set(job, ready);
    onDone(ready);
    return judged;
  };
  const work = async () => {
    for (const job of open) {
      if (ended.aborted || refused.length > 0) return void refused.push(job);
      if ((await judge(job)).isRefused) refused.push(job);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const inOrder = () => jobs.flatMap((job) => done.get(job) ?? []);
  for (const job of [...refused, ...open]) {
    if (ended.aborted) break;
    const { isRefused, fault } = await judge(job);
    if (isRefused) return { done: inOrder(), refusal: fault as string };
  }
  return { done: inOrder() };
}
