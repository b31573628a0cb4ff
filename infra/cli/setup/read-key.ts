import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliFailure, EXIT, UsageFailure } from '../failure.ts';
import type { Streams } from '../streams.ts';

/** No key is nearly as long: whoever pipes a whole file in is told so before it is read to its end. */
const MAX_INPUT_CHARS = 4_096;
const MIN_KEY_CHARS = 20;
const MAX_KEY_CHARS = 512;

/**
 * Reads OpenAI's key: from a pipe to its end, from a terminal without an echo. White space around it is the accident of a
 * paste or of `echo`, and is dropped.
 *
 * @throws UsageFailure that says what is wrong with the key's shape, and never shows the key
 */
export async function readOpenAiKey({ stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>): Promise<string> {
  const key = (await (stdin.isTTY ? askSilently(stdin, stderr) : readPipe(stdin))).trim();
  if (key === '') {
    throw new UsageFailure(
      'no OpenAI key came on standard input; try: printenv OPENAI_API_KEY | npm run weir -- setup',
    );
  }
  if (/\s/.test(key)) throw new UsageFailure('the OpenAI key must be one word, but there is white space inside it');
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new UsageFailure('the OpenAI key must be plain ASCII, but other characters came');
  if (key.length < MIN_KEY_CHARS || key.length > MAX_KEY_CHARS) {
    throw new UsageFailure(
      `the OpenAI key must have ${MIN_KEY_CHARS} to ${MAX_KEY_CHARS} characters, but has ${key.length}`,
    );
  }
  return key;
}

async function readPipe(stdin: Streams['stdin']): Promise<string> {
  stdin.setEncoding('utf8');
  let text = '';
  for await (const chunk of stdin) {
    text += chunk as string;
    if (text.length > MAX_INPUT_CHARS) {
      throw new UsageFailure(
        `standard input must hold the OpenAI key alone, but more than ${MAX_INPUT_CHARS} characters came`,
      );
    }
  }
  return text;
}

/** One line, whose echo goes nowhere. */
async function askSilently(stdin: Streams['stdin'], stderr: Streams['stderr']): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  prompt.once('line', resolve);
  prompt.once('SIGINT', () => reject(new CliFailure('interrupted; nothing was changed', EXIT.interrupted)));
  prompt.once('close', () => resolve(''));
  stderr.write('OpenAI key (not shown): ');
  try {
    return await promise;
  } finally {
    prompt.close();
    stderr.write('\n');
  }
}
