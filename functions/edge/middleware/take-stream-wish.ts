import type { HttpMiddleware } from '../http-middleware.ts';
import { parseInput } from '../parse-input.ts';
import { splitStreamWish, streamWish } from '../stream-wish.ts';

/** Takes `stream` and `stop_when` out of the parsed body; what is left is the endpoint's own input. */
export default function takeStreamWish(): HttpMiddleware {
  return {
    before(request) {
      const call = request.event;
      const { wish, input } = splitStreamWish(call.input);
      call.streamWish = parseInput(streamWish, wish);
      call.input = input;
    },
  };
}
