import { startStand } from './stand.ts';
await using stand = await startStand(true);
const t = stand.targets.portkey!;
for (const isStreamed of [true, false]) {
const r = await fetch(t.url, { method: 'POST', headers: { ...t.headers, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'gpt-6-luna', stream: isStreamed, messages: [{ role: 'user', content: 'Write 20 words, one every 4 ms.' }] }) });
console.log(r.status, await r.text());
}
