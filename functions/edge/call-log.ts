import type { Receipt } from '#call/call.ts';
import { formatUsd } from '#platform/money.ts';
import { metricLine, type Metric } from '#platform/metrics.ts';
import type { Platform } from '#platform/platform.ts';

/**
 * One line of log and one of metrics for each call, in OpenTelemetry's names where it has them
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/). Never a prompt or an output.
 */
export function logCall({ entry }: Receipt, { log, writeLine, clock }: Platform): void {
  const { usage, attempts } = entry;
  const last = attempts.at(-1);
  log.info('call', {
    requestId: entry.requestId,
    callId: entry.callId,
    endpoint: entry.endpoint,
    caller: entry.caller,
    callerKind: entry.callerKind,
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': attempts[0]?.modelAsked,
    'gen_ai.response.model': entry.model,
    'gen_ai.usage.input_tokens': usage.inputTokens,
    'gen_ai.usage.output_tokens': usage.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
    'gen_ai.usage.cache_creation.input_tokens': usage.cacheWrite30mTokens + usage.cacheWrite12hTokens,
    'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
    'openai.response.service_tier': last?.serviceTier,
    upstreamRequestIds: attempts.flatMap((attempt) => attempt.upstreamRequestId ?? []),
    latencyMs: entry.latencyMs,
    firstTokenMs: entry.firstTokenMs,
    waitedMs: entry.waitedMs,
    costUsd: formatUsd(entry.costPico),
    savedUsd: formatUsd(entry.savedPico),
    basis: entry.basis,
    cache: entry.cache,
    attempts: attempts.length,
    outcome: entry.outcome,
    ...(entry.outcome !== 'completed' && { 'error.type': entry.outcome }),
  });
  writeLine(metricLine({ Endpoint: entry.endpoint }, metricsOf({ entry }), clock.nowMs()));
}

function metricsOf({ entry }: Pick<Receipt, 'entry'>): Metric[] {
  const count = (name: string, value: number): Metric => ({ name, unit: 'Count', value });
  return [
    count('Calls', 1),
    count('Failures', entry.outcome === 'completed' ? 0 : 1),
    count('CacheHits', entry.cache === 'hit' ? 1 : 0),
    count('Attempts', entry.attempts.length),
    count('InputTokens', entry.usage.inputTokens),
    count('OutputTokens', entry.usage.outputTokens),
    { name: 'Latency', unit: 'Milliseconds', value: entry.latencyMs },
    ...firstToken(entry.firstTokenMs),
    // For dashboards only: a float of dollars. Bills are made from the ledger.
    { name: 'CostUsd', unit: 'None', value: Number(formatUsd(entry.costPico)) },
  ];
}

/** Of replies that were told while they were made. */
function firstToken(firstTokenMs: number | undefined): Metric[] {
  return firstTokenMs === undefined ? [] : [{ name: 'FirstToken', unit: 'Milliseconds', value: firstTokenMs }];
}
