import { InputBlocked, type BlockedFinding } from '#platform/errors.ts';
import { isPicture, redactNamed } from '#redaction/redact-named.ts';
import type { Redactor } from '#redaction/redactor.ts';

const MOST_KEPT = 20;

/**
 * Refuses an input that holds a secret or personal data, naming the field as the caller knows it. What an endpoint makes of its
 * input is looked at once more on its way upstream.
 *
 * @throws InputBlocked with the kinds and places of all that was found
 */
export function blockInput(input: unknown, redactor: Redactor): void {
  const first: BlockedFinding[] = [];
  let count = 0;
  eachText(input, '', (text, place) => {
    if (isPicture(text)) return;
    const { found } = redactNamed(redactor, text, place);
    count += found.length;
    for (const finding of found.slice(0, MOST_KEPT - first.length)) first.push({ place, ...finding });
  });
  if (count > 0) throw new InputBlocked(first, count);
}

function eachText(value: unknown, place: string, look: (text: string, place: string) => void): void {
  if (typeof value === 'string') look(value, place === '' ? 'input' : place);
  if (value === null || typeof value !== 'object') return;
  for (const [name, member] of Object.entries(value)) {
    eachText(member, place === '' ? name : `${place}.${name}`, look);
  }
}
