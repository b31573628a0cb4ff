/** How far back (UTF-16 units) a word may stand that says: this is a telephone number. */
export const LOOK_BACK = 48;

// Words after which any digits are a number to call, and what may stand between: `call me back on `, `phone_no": "`.
const LABEL = new RegExp(
  '(?:phone|t[eé]l[eé](?:fono?|phone)|telefone|(?<![\\p{L}_])(?:t[eé]l|call(?:ed|ing)?|dial(?:l?ed|l?ing)?|cell|sms|mob|ring)(?![\\p{L}_])|' +
    'mobile?|m[oó]vil|cellular|celular|portable|handy|fax|whats ?app|viber|hotline|helpline|landline|pager|wa\\.me|' +
    'desk:|office:|тел(?:ефон)?|電話|电话|手机|전화|هاتف)' +
    '(?:(?:[\\s"\'’:=.,#>()+_/[-]|numbers?|num|n[ou]mm?er|n[uú]m[eé]ro|no|nr|n°|is|are|was|at|on|to|me|us|him|her|them|back|' +
    'please|line|or|my|our|your|home|work|ist|est|es|via)*|[^\\d\\n]{0,24}\\b(?:at|on|via|number|is)[\\s:]{1,3})$',
  'iu',
);
// Words after which groups of digits are one.
const HINT =
  /\b(?:(?:text|message)(?:s|d|ed|ing)?\s(?:\w+\s){0,2}(?:to|at|on)|(?:reach|contact|answer)(?:s|ed|ing)?|office|desk|direct|emergency|toll[ -]free)\b/i;
// Words behind a number, as on a visiting card.
const BEHIND = /^[ ,(-]{0,3}(?:(fax|mobile|cell|tel|phone)|office|home|work|desk)\b/i;

/** What the text around a possible telephone number says of it: `label` is sure, `hint` needs groups of digits too. */
export function phoneContext(text: string, start: number, end: number): 'label' | 'hint' | undefined {
  const before = text.slice(Math.max(0, start - LOOK_BACK), start);
  const behind = BEHIND.exec(text.slice(end, end + 12));
  if (behind?.[1] !== undefined || LABEL.test(before)) return 'label';
  return behind || HINT.test(before) ? 'hint' : undefined;
}
