/** The same block of a server-sent event with other data, in one line. Names, ids, comments and ends of lines stay. */
export function withData(block: Buffer, data: string): Buffer {
  let written = '';
  let isWritten = false;
  for (const [, line = '', end = ''] of block.toString().matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    if (!/^data(?::|$)/.test(line)) written += line + end;
    else if (!isWritten) {
      written += `data: ${data}${end}`;
      isWritten = true;
    }
  }
  return Buffer.from(written);
}
