import type { FaultRule, ProxiedRequest } from '#test/support/fault-proxy.ts';
import type { Weir } from '#test/support/weir.ts';

/** How a request to the jobs table is told from others: its name ends so. */
export const JOBS = { bodyIncludes: '-jobs"' };

/** The put by which a request begins. */
export const BEGIN = { operation: 'PutItem', bodyIncludes: ':underWay' };

/** The put by which a record is finished or released: nothing else asks for its owner. */
export const CONCLUDE = { operation: 'PutItem', bodyIncludes: ':owner' };

/** The rules of a fault that hits every request to the jobs table. */
export function onJobs(fault: FaultRule['fault']): FaultRule {
  return { ...JOBS, fault };
}

/** What was asked of the jobs table. */
export function askedOfJobs({ dynamoDb }: Pick<Weir, 'dynamoDb'>): readonly ProxiedRequest[] {
  return dynamoDb.requests.filter(({ body }) => body.includes(JOBS.bodyIncludes));
}
