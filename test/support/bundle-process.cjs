// Runs a bundle as Lambda would: loads its `index.js` and hands it one event after the other. Arguments: the file, and a
// JSON list of events. Prints the replies, and what Node has loaded by the end, as one line of JSON behind a marker.
const { invoke } = require('./bundle-invoke.cjs');

const [, , file, events] = process.argv;
const { handler } = require(file);

async function main() {
  const replies = [];
  for (const event of JSON.parse(events)) {
    const endsAtMs = Date.now() + 20_000;
    const context = { awsRequestId: 'bundle', getRemainingTimeInMillis: () => endsAtMs - Date.now() };
    replies.push(await invoke(handler, event, context));
  }
  const undici = process.moduleLoadList.filter((name) => name.includes('undici'));
  process.stdout.write(`\n#bundle ${JSON.stringify({ replies, undici })}\n`);
  process.exit(0);
}
void main();
