import { createWorld, PRODUCT } from '#test/bench/simulation/world.ts';
import { ShardedBudget } from '#test/bench/simulation/sharded-budget.ts';
import { Escrow } from '#test/bench/simulation/escrow.ts';
import { Traffic, CALL } from '#test/bench/simulation/traffic.ts';
const H = {...PRODUCT, mostThrottles:2, settleAttempts:20, longestPauseMs:200};
function run(o: any) {
  const { E, d, L, K=32, frac=64, drawBy='condition', S, limit=8e15, util=0.7, rho=4, sec=120, r = util*E/d, one=true } = o;
  const w = createWorld(1, H);
  const b = new ShardedBudget(w, {limit, shards: S, holdBytes: 58, baseBytes: 150});
  const e = o.direct ? b : new Escrow(w, b, {callsAPurse:K, leastPursesLeft:frac, leastCallsAPurse:4, usedForMs:L*1000, drawBy, directForMs: drawBy==='condition'?1000:0, floatBytes:33, holdBytes:58, purseBaseBytes:120});
  const t = new Traffic(w, {callsASecond:r, meanMs:d*1000, environments:E, oneAtATime:one, boundOverActual:rho, route:()=>[e]});
  if (e instanceof Escrow) { for (let i=0;i<E;i++) e.seedPurse(i, K*CALL, w.random()*Math.min(1, (r/E*L)/(rho*(K-1)) )); }
  t.seed(); t.start(); const t0=Date.now(); 
  w.queue.runUntil(sec*1000);
  const u=w.dynamo.usage, oc=t.outcomes;
  const maxKB = Math.max(...b.shards.map(s=>s.bytes))/1024;
  console.log(JSON.stringify({E,d,L,S,drawBy, r:r|0, direct:!!o.direct}), 'granted', (oc.granted/oc.offered*100).toFixed(2)+'%', 'WU/call', (u.writeUnits/oc.granted).toFixed(2), 'RU/call', (u.readUnits/oc.granted).toFixed(2), 'thr', u.throttledWrites, u.throttledReads, 'KB', maxKB.toFixed(0), e instanceof Escrow ? `draws/call ${(e.draws/oc.granted).toFixed(3)} idle ${(e.idle()/E/CALL).toFixed(1)}`:'', Date.now()-t0,'ms');
}
for (const [E,S60,S600] of [[1000,2,1],[5000,8,4],[20000,32,12]] as any)
 for (const d of [2,20,120]) {
  run({E,d,L:60,S:S60}); run({E,d,L:60,S:S60,drawBy:'reading'}); run({E,d,L:600,S:S600});
  const x = Math.sqrt(500*1024/(58*d))*.75; run({E,d,direct:true,S:Math.ceil(.7*E/d/x)});
 }
