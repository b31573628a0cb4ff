import { detectors, type Detector } from './detectors.ts';

/** One secret that was found: its kind and place (UTF-16 offsets, end exclusive), never its value. */
export interface Finding {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

export interface Redaction {
  readonly text: string;
  readonly found: readonly Finding[];
}

/** Masks what its detectors find. Pure; linear in the text. */
export interface Redactor {
  redact(text: string): Redaction;
}

/** A redactor over a set of detectors. Where findings overlap, the one that starts first, then the longer, wins. */
export function createRedactor(set: readonly Detector[] = detectors): Redactor {
  return {
    redact(text) {
      const found = withoutOverlaps(set.flatMap((detector) => findAll(detector, text)));
      if (found.length === 0) return { text, found };
      let masked = '';
      let from = 0;
      for (const { kind, start, end } of found) {
        masked += `${text.slice(from, start)}[${kind}]`;
        from = end;
      }
      return { text: masked + text.slice(from), found };
    },
  };
}

function findAll(detector: Detector, text: string): Finding[] {
  if (!text.includes(detector.literal)) return [];
  return Array.from(text.matchAll(detector.pattern), (match) => ({
    kind: detector.kind,
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function withoutOverlaps(findings: Finding[]): Finding[] {
  findings.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Finding[] = [];
  for (const finding of findings) if (finding.start >= (kept.at(-1)?.end ?? 0)) kept.push(finding);
  return kept;
}
