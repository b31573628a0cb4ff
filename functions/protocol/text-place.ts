/**
 * Where a text stands: `instructions`, `input.3`, `tools.0.parameters`, `body.messages.0.content`, `output`. Names and places
 * only, safe to log.
 */
export type TextPlace = string;

/** Sees one text and gives what shall stand in its place (the same text, to only look). */
export type TextVisitor = (text: string, place: TextPlace) => string;
