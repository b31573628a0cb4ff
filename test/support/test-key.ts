/** A key in OpenAI's form that opens nothing, made from parts so that no file holds one whole. */
export function testKey(name: string): string {
  return ['sk', 'proj', name.padEnd(40, '0')].join('-');
}
