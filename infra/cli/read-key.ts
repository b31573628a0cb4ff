import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliFailure, EXIT, UsageFailure } from './failure.ts';
import type { Streams } from './streams.ts';

/** No key is nearly as long: whoever pipes a whole file in is told so before it is read to its end. */
const MAX_INPUT_CHARS = 4_096;
const MAX_KEY_CHARS = 512;

/** A key that a person is asked for. */
export interface WantedKey {
  /** `OpenAI key`: what the prompt and the errors call it. */
  readonly name: string;
  /** What to try when none came. */
  readonly advice: string;
  readonly minChars: number;
}

/**
 * Reads a key: from a pipe to its end, from a terminal without an echo. White space around it is the accident of a paste or of
 * `echo`, and is dropped.
 *
 * @throws UsageFailure that says what is wrong with the key's shape, and never shows the key
 */
export async function readKey(
  wanted: WantedKey,
  { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>,
): Promise<string> {
  const text = await (stdin.isTTY ? askSilently(wanted, stdin, stderr) : readPipe(wanted, stdin));
  if (text.trim() === '') throw new UsageFailure(`no ${wanted.name} came on standard input; try: ${wanted.advice}`);
  return keyIn(text, wanted);
}

/**
 * The key in a text, without the white space around it.
 * @throws UsageFailure when it has not the shape of a key, without showing it: HTTP's own errors would quote it
 */
export function keyIn(text: string, { name, minChars }: Pick<WantedKey, 'name' | 'minChars'>): string {
  const key = text.trim();
  if (/\s/.test(key)) throw new UsageFailure(`the ${name} must be one word, but there is white space inside it`);
  if (!/^[\x21-\x7e]*$/.test(key)) {
    throw new UsageFailure(`the ${name} must be plain ASCII, but other characters came`);
  }
  if (key.length < minChars || key.length > MAX_KEY_CHARS) {
    throw new UsageFailure(`the ${name} must have ${minChars} to ${MAX_KEY_CHARS} characters, but has ${key.length}`);
  }
  return key;
}

async function readPipe({ name }: WantedKey, stdin: Streams['stdin']): Promise<string> {
  stdin.setEncoding('utf8');
  let text = '';
  for await (const chunk of stdin) {
    text += chunk as string;
    if (text.length > MAX_INPUT_CHARS) {
      throw new UsageFailure(
        `standard input must hold the ${name} alone, but more than ${MAX_INPUT_CHARS} characters came`,
      );
    }
  }
  return text;
}

/** One line, whose echo goes nowhere. */
async function askSilently({ name }: WantedKey, stdin: Streams['stdin'], stderr: Streams['stderr']): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  prompt.once('line', resolve);
  prompt.once('SIGINT', () => reject(new CliFailure('interrupted; nothing was changed', EXIT.interrupted)));
  prompt.once('close', () => resolve(''));
  stderr.write(`${name} (not shown): `);
  try {
    return await promise;
  } finally {
    prompt.close();
    stderr.write('\n');
  }
}
