import { accountNearLimit } from './experiments/account-near-limit.ts';
for (const f of [accountNearLimit]) {
const s = f(1, (x)=>{});
for (const tb of s.tables) { console.log(tb.headings.join(' | ')); for (const r of tb.rows) console.log(r.join(' | ')); }}
