import { account } from './experiments/account.ts';
import { whole } from './experiments/whole.ts';
for (const f of [account,whole]) {
const t=process.cpuUsage().user; const s = f(1, (x)=>{console.log(x,(process.cpuUsage().user-t)/1e6, process.memoryUsage().rss/1e6|0)});
for (const tb of s.tables) { console.log(tb.headings.join(' | ')); for (const r of tb.rows) console.log(r.join(' | ')); }
console.log((process.cpuUsage().user-t)/1e6);}
