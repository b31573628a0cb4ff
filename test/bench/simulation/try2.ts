import { createWorld, PRODUCT } from '#test/bench/simulation/world.ts';
import { ShardedBudget } from '#test/bench/simulation/sharded-budget.ts';
import { Traffic } from '#test/bench/simulation/traffic.ts';
const N=4;
for (const d of [2, 20]) {
const x = Math.sqrt(500*1024/(72*d));
for (const [mh,over] of [[Infinity,{}],[Infinity,{mostThrottles:1,settleAttempts:10,longestPauseMs:200}],[Infinity,{mostThrottles:2,settleAttempts:10,longestPauseMs:200}],[1,{mostThrottles:1,settleAttempts:10,longestPauseMs:200}],[3,{mostThrottles:1,settleAttempts:10,longestPauseMs:200}],[1,{mostThrottles:2,settleAttempts:10,longestPauseMs:200}],[3,{mostThrottles:2,settleAttempts:10,longestPauseMs:200}],[3,{mostThrottles:2,settleAttempts:20,longestPauseMs:200}],[3,{mostThrottles:2,settleAttempts:6}] ,[1,{mostThrottles:2,settleAttempts:20,longestPauseMs:200}]] as any[]) {
const w = createWorld(1, {...PRODUCT, ...over, mostHolds: x*d*mh});
const b = new ShardedBudget(w, {limit: 8e15, shards: N, holdBytes: 72, baseBytes: 200});
const mk = (f:number) => new Traffic(w, {callsASecond: x*N*f, meanMs: d*1000, environments: Math.ceil(x*N*f*Number(d)/0.7), oneAtATime: true, boundOverActual: 4, route: () => [b]});
const t = mk(2); t.start(); w.queue.runUntil(60000); t.end(); 
const o = `overload: granted ${(t.outcomes.granted/60)|0} of ${x*N*2|0}`;
const t2 = mk(0.5); t2.start(); let line=''; for (let i=1;i<=8;i++){const g=t2.outcomes.granted,of=t2.outcomes.offered; w.queue.runUntil(60000+i*30000); line+=` ${((t2.outcomes.granted-g)/(t2.outcomes.offered-of)*100).toFixed(0)}%`;}
console.log(d,'cap',mh,JSON.stringify(over),o,'| then at half load, each 30 s:', line);
}}
