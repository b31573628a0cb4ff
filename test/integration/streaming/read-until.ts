import type { StreamedCall } from '#test/support/weir-environment.ts';

/** Reads on until a text has come. @param seen gets all that was read */
export async function readUntil(reply: StreamedCall, text: string, seen: string[] = []): Promise<string[]> {
  for (let read = ''; !read.includes(text);) {
    const { value, done } = await reply.chunks.next();
    if (done) throw new Error(`the stream ended without ${text}: ${seen.join('')}`);
    read += String(value);
    seen.push(String(value));
  }
  return seen;
}
