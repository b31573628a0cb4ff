import type { Load } from './traffic.ts';

/** Of the environments, so many have a call on average. */
const BUSY = 0.7;

/** Calls on Lambda: an environment serves one at a time, and there are as many as that needs. */
export function lambdaLoad(callsASecond: number, seconds: number, boundOverActual = 4): Omit<Load, 'route'> {
  const environments = Math.max(1, Math.ceil((callsASecond * seconds) / BUSY));
  return { callsASecond, meanMs: seconds * 1000, environments, oneAtATime: true, boundOverActual };
}

/** Calls of so many such environments. */
export function lambdaLoadOf(environments: number, seconds: number, boundOverActual = 4): Omit<Load, 'route'> {
  return lambdaLoad((BUSY * environments) / seconds, seconds, boundOverActual);
}
