'use strict';

/**
 * What a bare process needs to run a bundle as Lambda would: the runtime's global, there before the bundle is loaded, and a way to call
 * its handler whatever its mode. Plain CommonJS, because stripping types would cost more than an empty handler.
 */
const { Writable } = require('node:stream');

globalThis.awslambda ??= require('../../infra/lambda-global.cjs');

const HANDLER_STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const DELIMITER = Buffer.alloc(8);

/** Calls a handler; gives the reply as a value, also of one that streams: `{ statusCode, headers, body }`. */
exports.invoke = async (handler, event, context) => {
  if (handler[HANDLER_STREAMING] === undefined) return handler(event, context);
  const chunks = [];
  const responseStream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const write = responseStream.write.bind(responseStream);
  responseStream.setContentType = () => {};
  responseStream.write = (...chunk) => {
    responseStream._onBeforeFirstWrite?.(write);
    responseStream._onBeforeFirstWrite = undefined;
    return write(...chunk);
  };
  await handler(event, responseStream, context);
  if (!responseStream.writableEnded) throw new Error('the handler has ended, but not its stream');
  return replyOf(Buffer.concat(chunks));
};

function replyOf(bytes) {
  const at = bytes.indexOf(DELIMITER);
  if (at < 0) return JSON.parse(bytes.toString());
  return { ...JSON.parse(bytes.toString('utf8', 0, at)), body: bytes.toString('utf8', at + DELIMITER.byteLength) };
}
