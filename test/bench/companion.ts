import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of the bench's own, which answers one question at a time and ends with the bench. */
export interface Companion<Question, Answer> extends AsyncDisposable {
  /** @throws what the companion threw, or why it is gone */
  ask(question: Question): Promise<Answer>;
}

export interface CompanionOptions {
  readonly arguments?: readonly string[];
  /** The whole environment: nothing of the bench's own reaches a process that is measured. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

type Reply<Answer> = { readonly answer: Answer } | { readonly failure: string };

/** Far longer than any question takes: a companion that hangs shall not keep the bench. */
const ANSWER_WITHIN_MS = 60_000;
const END_WITHIN_MS = 2_000;

/** Starts a file of this folder as a companion. What it writes to standard output goes nowhere, by way of the kernel. */
export function startCompanion<Question extends object, Answer>(
  file: string,
  options: CompanionOptions = {},
): Companion<Question, Answer> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [...(options.arguments ?? [])], {
    env: options.environment ?? {},
    execArgv: [...(options.nodeOptions ?? [])],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return {
    async ask(question) {
      const reply = await nextReply<Answer>(child, file, () => child.send(question));
      if ('failure' in reply) throw new Error(`${file}: ${reply.failure}`);
      return reply.answer;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      // It hears that, and puts away what it has put down.
      if (child.connected) child.disconnect();
      const kill = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
      await gone;
      clearTimeout(kill);
    },
  };
}

/** The companion's side: answers what it is asked, and ends when the bench does. */
export function answerQuestions(answer: (question: unknown) => unknown): void {
  const respond = async (question: unknown): Promise<void> => {
    process.send?.(await replyTo(question));
  };
  const replyTo = async (question: unknown): Promise<Reply<unknown>> => {
    try {
      return { answer: await answer(question) };
    } catch (error) {
      return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (question) => void respond(question));
  process.on('disconnect', () => process.exit());
}

function nextReply<Answer>(child: ChildProcess, file: string, ask: () => void): Promise<Reply<Answer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply<Answer>>();
  const onExit = (code: number | null, signal: string | null) =>
    reject(new Error(`${file} ended with ${code ?? signal}`));
  const onMessage = (reply: unknown) => resolve(reply as Reply<Answer>);
  const timer = setTimeout(
    () => reject(new Error(`${file} gave no answer in ${ANSWER_WITHIN_MS} ms`)),
    ANSWER_WITHIN_MS,
  );
  child.once('exit', onExit).once('error', reject).once('message', onMessage);
  if (child.connected) ask();
  else onExit(child.exitCode, child.signalCode);
  return promise.finally(() => {
    clearTimeout(timer);
    child.off('exit', onExit).off('error', reject).off('message', onMessage);
  });
}
