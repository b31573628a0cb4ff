import { overload } from './experiments/overload.ts';
import { nearLimit } from './experiments/near-limit.ts';
for (const f of [overload, nearLimit]) {
const t=process.cpuUsage().user; const s = f(1, (x)=>{});
for (const tb of s.tables) { console.log(tb.headings.join(' | ')); for (const r of tb.rows) console.log(r.join(' | ')); }
console.log((process.cpuUsage().user-t)/1e6);}
