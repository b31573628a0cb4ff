import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Tiktoken } from 'js-tiktoken/lite';
import o200k from 'js-tiktoken/ranks/o200k_base';
import { estimateTokens } from '#context/token-estimate.ts';
import type { Row, Section } from './report.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MOST_CHARS = 20_000;

const PROSE = {
  English:
    'A weir is a low wall across a river. Everything that passes is held to a level, and measured. Engineers have built ' +
    'weirs for four thousand years, to feed mills and canals, and fish ladders beside them let the salmon by.',
  German:
    'Ein Wehr ist eine niedrige Mauer quer durch einen Fluss. Alles, was hindurchgeht, wird auf einer Höhe gehalten und ' +
    'gemessen. Seit viertausend Jahren bauen Menschen Wehre, um Mühlen und Kanäle zu speisen.',
  Russian:
    'Плотина — это невысокая стена поперёк реки. Всё, что проходит через неё, удерживается на одном уровне и измеряется. ' +
    'Люди строят их четыре тысячи лет, чтобы питать мельницы и каналы.',
  Japanese:
    '堰とは、川を横切る低い壁のことである。そこを通るものはすべて一定の水位に保たれ、量られる。人々は四千年にわたって、水車や運河に水を引くために堰を築いてきた。',
  Hindi: 'बाँध नदी के आर-पार बनी एक नीची दीवार होती है। जो कुछ भी वहाँ से गुज़रता है, उसे एक स्तर पर रखा जाता है और मापा जाता है।',
};

/** Files of this repository, for kinds of text that are not prose. */
const FILES = {
  Markdown: 'README.md',
  TypeScript: 'functions/call/cover.ts',
  JSON: 'test/events/rest-api.json',
  'hashes in JSON': 'package-lock.json',
};

/**
 * How far the estimate, which takes the place of a usage that never came and cuts long conversations, is from what a tokenizer
 * counts: o200k, the newest that OpenAI has published (of gpt-4o; those of gpt-6 are not).
 */
export function tokenEstimates(): Section {
  const tokenizer = new Tiktoken(o200k);
  const files = Object.entries(FILES).map(([kind, file]) => [kind, readFileSync(resolve(ROOT, file), 'utf8')] as const);
  const rows = [...Object.entries(PROSE), ...files].map(([kind, text]): Row => {
    const shown = text.slice(0, MOST_CHARS);
    const [counted, estimated] = [tokenizer.encode(shown).length, estimateTokens(shown)];
    const measured = (estimated / counted - 1) * 100;
    return { name: kind, measured, unit: '%', note: `${estimated} estimated, ${counted} counted` };
  });
  return { title: 'Error of the token estimate against the o200k tokenizer', rows };
}
