import { resolve } from 'node:path';
import { parseCorsOrigin } from '../cors-preflight.ts';
import { startLocalWeir } from './local-weir.ts';
import { replyLine, tour } from './tour.ts';

/** `npm start`: Weir on this machine, until Ctrl-C. */
const { env } = process;
const port = Number(env['PORT'] ?? 8787);
if (!Number.isInteger(port) || port < 0 || port > 65_535)
  fail(`PORT must be a number from 0 to 65535, but '${env['PORT']}' was given`);
const corsOrigin = originOrFail(env['WEIR_CORS_ORIGIN'] || undefined);

const weir = await startLocalWeir({
  port,
  corsOrigin,
  dataDir: resolve(env['WEIR_DATA_DIR'] ?? '.weir'),
  keys: {
    ...(env['WEIR_CALLER_KEY'] && { caller: env['WEIR_CALLER_KEY'] }),
    ...(env['WEIR_ADMIN_KEY'] && { administrator: env['WEIR_ADMIN_KEY'] }),
  },
  openaiApiKey: env['OPENAI_API_KEY'] || undefined,
  openaiBaseUrl: env['OPENAI_BASE_URL'] || undefined,
  openaiAdminKey: env['OPENAI_ADMIN_KEY'] || undefined,
  openaiProject: env['OPENAI_PROJECT_ID'] || undefined,
  awsEndpoints: {
    dynamodb: env['AWS_ENDPOINT_URL_DYNAMODB'] ?? env['AWS_ENDPOINT_URL'],
    secretsmanager: env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? env['AWS_ENDPOINT_URL'],
    sqs: env['AWS_ENDPOINT_URL_SQS'] ?? env['AWS_ENDPOINT_URL'],
  },
  onReply: (request, reply, tookMs) => console.log(replyLine(request, reply, tookMs)),
}).catch((error: Error & { code?: string }) =>
  fail(
    error.code === 'EADDRINUSE'
      ? `port ${port} is taken: set PORT to another one`
      : `Weir did not start: ${error.message}`,
  ),
);
console.log(tour(weir));

let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  console.log('\nStopping …');
  await weir.stop();
  console.log('Stopped. State is kept.');
  process.exit(0);
};
process.on('SIGINT', () => void stop());
process.on('SIGTERM', () => void stop());

function originOrFail(text: string | undefined): string | undefined {
  try {
    return parseCorsOrigin(text, 'WEIR_CORS_ORIGIN');
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
