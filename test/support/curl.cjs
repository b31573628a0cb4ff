#!/usr/bin/env node
// Stands in for curl where a machine has none: the options that Weir's tour and guide use, by node's own http.
const { request } = require('node:http');

const [, , ...words] = process.argv;
const headers = {};
let url;
let body;
let isIncluding = false;
while (words.length > 0) {
  const word = words.shift();
  if (word === '-H') {
    const [name, ...value] = words.shift().split(': ');
    headers[name] = value.join(': ');
  } else if (word === '-d') body = words.shift();
  else if (/^-[isN]+$/.test(word)) isIncluding ||= word.includes('i');
  else if (word.startsWith('-')) throw new Error(`this curl knows no ${word}`);
  else url = word;
}

// A reader that leaves (`| head`) has had enough.
process.stdout.on('error', () => process.exit(0));
const asked = request(url, { method: body === undefined ? 'GET' : 'POST', headers }, (reply) => {
  if (isIncluding) {
    const lines = [`HTTP/1.1 ${reply.statusCode} ${reply.statusMessage}`];
    for (let at = 0; at < reply.rawHeaders.length; at += 2) {
      lines.push(`${reply.rawHeaders[at]}: ${reply.rawHeaders[at + 1]}`);
    }
    process.stdout.write(`${lines.join('\r\n')}\r\n\r\n`);
  }
  reply.pipe(process.stdout, { end: false });
});
asked.end(body);
