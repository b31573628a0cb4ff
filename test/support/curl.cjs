#!/usr/bin/env node
// Stands in for curl where a machine has none: the options that Weir's tour uses, by node's own fetch.
const [, , ...words] = process.argv;
const request = { headers: {} };
let url;
let isIncluding = false;
while (words.length > 0) {
  const word = words.shift();
  if (word === '-H') {
    const [name, ...value] = words.shift().split(': ');
    request.headers[name] = value.join(': ');
  } else if (word === '-d') Object.assign(request, { method: 'POST', body: words.shift() });
  else if (/^-[is]+$/.test(word)) isIncluding ||= word.includes('i');
  else if (word.startsWith('-')) throw new Error(`this curl knows no ${word}`);
  else url = word;
}

async function main() {
  const reply = await fetch(url, request);
  if (isIncluding) {
    const headers = [...reply.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    process.stdout.write(`HTTP/1.1 ${reply.status} ${reply.statusText}\r\n${headers}\r\n`);
  }
  process.stdout.write(await reply.text());
}
void main();
