import { createWorld, PRODUCT } from '#test/bench/simulation/world.ts';
import { ShardedBudget } from '#test/bench/simulation/sharded-budget.ts';
import { Traffic } from '#test/bench/simulation/traffic.ts';
const N=4;
for (const d of [2, 20]) {
const x = Math.sqrt(500*1024/(72*d));
for (const [mh,over] of [[1,{}],[1,{settleAttempts:10,mostTries:2,mostRounds:1}],[1,{settleAttempts:20,mostTries:1,mostRounds:1}],[.9,{settleAttempts:20,mostTries:1,mostRounds:1}],[1.2,{settleAttempts:20,mostTries:1,mostRounds:1}],[1.2,{settleAttempts:6,mostTries:1,mostRounds:1}],[1e9,{settleAttempts:20,mostTries:1,mostRounds:1}] ] as any[])
for (const f of [0.9,1.1,1.5, 3]) {
(globalThis as any).MH = x*d*mh;
const r = x*N*f;
const w = createWorld(1, {...PRODUCT, ...over});
const b = new ShardedBudget(w, {limit: 8e15, shards: N, holdBytes: 72, baseBytes: 200});
const t = new Traffic(w, {callsASecond: r, meanMs: d*1000, environments: Math.ceil(r*Number(d)/0.7), oneAtATime: true, boundOverActual: 4, route: () => [b]});
t.start();
w.queue.runUntil(d*10000); const g=t.outcomes.granted; w.queue.runUntil(d*20000+30000);const g2=t.outcomes.granted; w.queue.runUntil(d*20000+230000);
console.log(d, 'cap',mh,JSON.stringify(over), f, 'offered', r|0, 'granted/s', (g2-g)/(d*10+30)|0, ' later', (t.outcomes.granted-g2)/200|0, 'KB', b.shards.map(s=>s.bytes/1024|0).join());
}}
