import { stemsOf } from './words.ts';

/** The categories that OpenAI's moderation knows, with the plain words that flag them here. */
const WORDS: Readonly<Record<string, string>> = {
  harassment: 'idiot stupid loser moron',
  'harassment/threatening': 'threaten',
  hate: 'hateful racist',
  'hate/threatening': 'exterminate',
  illicit: 'steal counterfeit launder',
  'illicit/violent': 'bomb',
  'self-harm': 'suicide',
  'self-harm/intent': '',
  'self-harm/instructions': '',
  sexual: 'porn explicit',
  'sexual/minors': '',
  violence: 'kill murder attack stab shoot',
  'violence/graphic': 'gore dismember',
};
const FLAGGED_SCORE = 0.97;
const CLEAR_SCORE = 0.0001;

/** What moderation says about one input. */
export interface ModerationVerdict {
  flagged: boolean;
  categories: Record<string, boolean>;
  category_scores: Record<string, number>;
  category_applied_input_types: Record<string, string[]>;
}

/** Flags a text by the words in it. */
export function moderate(text: string): ModerationVerdict {
  const stems = new Set(stemsOf(text));
  const hits = Object.entries(WORDS).map(([name, words]): [string, boolean] => [
    name,
    stemsOf(words).some((word) => stems.has(word)),
  ]);
  return {
    flagged: hits.some(([, isHit]) => isHit),
    categories: Object.fromEntries(hits),
    category_scores: Object.fromEntries(hits.map(([name, isHit]) => [name, isHit ? FLAGGED_SCORE : CLEAR_SCORE])),
    category_applied_input_types: Object.fromEntries(hits.map(([name]) => [name, ['text']])),
  };
}
