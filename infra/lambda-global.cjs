'use strict';

/**
 * A stand-in for the global `awslambda` that Lambda's runtime for Node has before any code of ours is loaded. Plain CommonJS,
 * so that a bare process can have it without stripping types.
 *
 * What stands on the wire, and how a handler is marked: github.com/aws/aws-lambda-nodejs-runtime-interface-client
 */
const HTTP_CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';
const DELIMITER_BYTES = 8;
const HANDLER_STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

module.exports = {
  streamifyResponse(handler) {
    handler[HANDLER_STREAMING] = 'response';
    return handler;
  },

  HttpResponseStream: {
    /** The head goes out before what is written first. An `end` is no write: a stream that only ends has none. */
    from(responseStream, prelude) {
      responseStream.setContentType(HTTP_CONTENT_TYPE);
      responseStream._onBeforeFirstWrite = (write) => {
        write(JSON.stringify(prelude));
        write(new Uint8Array(DELIMITER_BYTES));
      };
      return responseStream;
    },
  },
};
