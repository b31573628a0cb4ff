import { isRawJson } from '#platform/raw-json.ts';
import type { CallEvent } from './events.ts';
import { mapPassTexts, PICTURE_MARK } from './pass-texts.ts';
import type { InputItem, JsonSchema, ModelRequest } from './request.ts';
import type { TextPlace, TextVisitor } from './text-place.ts';

export type { TextPlace, TextVisitor } from './text-place.ts';

/**
 * The one walk over every text of a request: redaction rewrites by it, bounds count by it, stop conditions look by it.
 * A text that this walk misses would be neither masked nor paid for, so each new field of a request belongs here first.
 * Returns a new request; the given one is left as it is.
 */
export function mapRequestTexts(request: ModelRequest, visit: TextVisitor): ModelRequest {
  if (request.kind === 'embed') {
    return { ...request, texts: request.texts.map((text, index) => visit(text, `texts.${index}`)) };
  }
  if (request.kind === 'pass') return { ...request, body: mapPassTexts(request.body, visit) };
  return {
    ...request,
    instructions: visit(request.instructions, 'instructions'),
    input: request.input.map((item, index) => mapItem(item, `input.${index}`, visit)),
    ...(request.tools && {
      tools: request.tools.map((tool, index) => ({
        name: visit(tool.name, `tools.${index}.name`),
        ...(tool.description !== undefined && { description: visit(tool.description, `tools.${index}.description`) }),
        parameters: mapJson(tool.parameters, `tools.${index}.parameters`, visit) as JsonSchema,
      })),
    }),
    ...(request.format && {
      format: { ...request.format, schema: mapJson(request.format.schema, 'format.schema', visit) as JsonSchema },
    }),
  };
}

/** The same walk over what comes back. */
export function mapEventTexts(event: CallEvent, visit: TextVisitor): CallEvent {
  if (event.type === 'text' || event.type === 'refusal') return { ...event, text: visit(event.text, 'output') };
  if (event.type === 'tool-call') {
    const place = 'output.tool-call';
    return { ...event, name: visit(event.name, `${place}.name`), arguments: visit(event.arguments, place) };
  }
  return event;
}

/** Whether a text is the address of a picture, which is not paid for by its length. */
export function isImagePlace(place: TextPlace): boolean {
  if (place.startsWith('body.')) return place.endsWith(PICTURE_MARK);
  return /^input\.\d+\.images\.\d+$/.test(place);
}

function imagePlace(place: TextPlace, index: number): TextPlace {
  return `${place}.images.${index}`;
}

/** Looks at every text of a request without changing it. */
export function eachRequestText(request: ModelRequest, look: (text: string, place: TextPlace) => void): void {
  mapRequestTexts(request, (text, place) => {
    look(text, place);
    return text;
  });
}

function mapItem(item: InputItem, place: TextPlace, visit: TextVisitor): InputItem {
  if (item.type === 'message') {
    const images = item.images?.map((image, index) => ({ ...image, url: visit(image.url, imagePlace(place, index)) }));
    return { ...item, text: visit(item.text, place), ...(images && { images }) };
  }
  if (item.type === 'tool-result') return { ...item, output: visit(item.output, place) };
  return { ...item, name: visit(item.name, `${place}.name`), arguments: visit(item.arguments, `${place}.arguments`) };
}

/** Strings anywhere in a JSON value, its keys included: a schema's property names are read by the model too. */
function mapJson(value: unknown, place: TextPlace, visit: TextVisitor): unknown {
  if (typeof value === 'string') return visit(value, place);
  if (Array.isArray(value)) return value.map((item) => mapJson(item, place, visit));
  if (value === null || typeof value !== 'object' || isRawJson(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [visit(key, place), mapJson(member, `${place}.${key}`, visit)]),
  );
}
