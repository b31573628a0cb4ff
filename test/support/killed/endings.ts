import { writes, type KillPoint, type Step } from './kill-points.ts';

/**
 * How the accounts of a call must say that it ended, by what had landed when its process was killed:
 *
 *     … hold ‖ … hold ──► POST ──► … ──► ledger entry ──► settle
 *     └─ void, or nothing ─┘└──────── lost ───────┘└─── as its entry says
 *
 * As long as a hold is missing in one budget, nothing was sent, and the sweeper can tell; from the last hold on it cannot.
 */
export function endingsAt(point: KillPoint, steps: readonly Step[], entryOutcome: string): readonly string[] {
  const at = steps.findIndex((step) => step.includes(point.request));
  const hasLanded = (request: string) => {
    const own = steps.findIndex((step) => step.includes(request));
    return own < at || (own === at && landsAt(point, request));
  };
  if (steps.flat().some((request) => request.startsWith('PutItem ledger haiku') && hasLanded(request))) {
    return [entryOutcome];
  }
  const sent = steps.findIndex((step) => step.some((request) => request.startsWith('POST ')));
  const lastHolds = steps.slice(0, Math.max(sent, 0)).findLast((step) => step.some(writes));
  return lastHolds?.filter(writes).every(hasLanded) ? ['lost'] : ['nothing', 'void'];
}

function landsAt({ when, request, beside }: KillPoint, other: string): boolean {
  switch (when) {
    case 'before any':
      return false;
    case 'before':
      return beside.includes(other);
    case 'after':
      return other === request;
  }
}
