import { InvalidRequest } from '#platform/errors.ts';
import type { HttpMiddleware } from '../http-middleware.ts';
import { parseInput } from '../parse-input.ts';
import type { EndpointSpec } from '../specs.ts';
import { splitStreamWish, streamWish, type StreamWish } from '../stream-wish.ts';

/** Half of a JSON answer is none, and would be paid for. */
function refuseHalfJson({ stop_when: { json: _whole, ...others } = {} }: StreamWish): void {
  const [name] = Object.keys(others);
  if (name === undefined) return;
  const message = `stop_when.${name} is not for this endpoint: its answer is JSON, which is whole or nothing`;
  throw new InvalidRequest([{ field: `stop_when.${name}`, message }]);
}

/** Takes `stream` and `stop_when` out of the parsed body; what is left is the endpoint's own input. */
export default function takeStreamWish(answers: EndpointSpec['answers']): HttpMiddleware {
  return {
    before(request) {
      const call = request.event;
      const { wish, input } = splitStreamWish(call.input);
      call.streamWish = parseInput(streamWish, wish);
      if (answers === 'json') refuseHalfJson(call.streamWish);
      call.input = input;
    },
  };
}
