'use strict';

/**
 * A cold start from within: loads a handler as Lambda's runtime does and, if there is an event, has it answered. Prints the
 * moment (on the clock that all processes share) and the CPU time used so far. Plain CommonJS, because stripping types
 * would cost more than an empty handler.
 *
 * Arguments: the handler's file, and maybe that of an event.
 */
const { readFileSync, writeSync } = require('node:fs');

// Lambda has it before it counts; who does not stream does not pay for it here.
Object.defineProperty(globalThis, 'awslambda', { get: () => require('../../infra/lambda-global.cjs') });

const [, , handlerFile, eventFile] = process.argv;
const bundle = require(handlerFile);
// An export that Lambda's runtime can find.
const isReady = Object.keys(bundle).includes('handler') && typeof bundle.handler === 'function';

function done(reply) {
  const atNs = process.hrtime.bigint();
  const { user, system } = process.cpuUsage();
  const isGood = isReady && (reply === undefined || reply.statusCode === 200);
  writeSync(1, JSON.stringify({ atNs: String(atNs), cpuMs: (user + system) / 1000, isGood }));
  process.exit(0);
}

async function answerOne() {
  const { invoke } = require('../support/bundle-invoke.cjs');
  const endsAtMs = Date.now() + 29_000;
  const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => endsAtMs - Date.now() };
  done(await invoke(bundle.handler, JSON.parse(readFileSync(eventFile, 'utf8')), context));
}

if (eventFile === undefined) done();
else void answerOne();
