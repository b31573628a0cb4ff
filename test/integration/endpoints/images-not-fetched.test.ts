import { createHook } from 'node:async_hooks';
import { lookup } from 'node:dns/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

/** What this process asks of the network while it is watched: names to be resolved, and connections that it opens. */
class NetworkWatch implements Disposable {
  names = 0;
  readonly #connecting: { readonly address?: string; readonly port?: number }[] = [];
  readonly #hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (/^(GETADDRINFO|GETNAMEINFO|QUERY|UDP)/.test(type)) this.names++;
      if (type === 'TCPCONNECTWRAP') this.#connecting.push(resource);
    },
  });

  constructor() {
    this.#hook.enable();
  }

  /** Where it connected to. */
  get targets(): string[] {
    return this.#connecting.map(({ address, port }) => `${address}:${port}`);
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
  }
}

test('the watch sees a name that is resolved, and a connection that is opened', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  using watch = new NetworkWatch();
  await lookup('localhost');
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  expect([watch.names, watch.targets]).toEqual([1, [`127.0.0.1:${port}`]]);
  socket.destroy();
  server.close();
});

test.each([
  ['whose name leads to a private address', 'https://127.0.0.1.nip.io/latest/meta-data/'],
  ['whose name changes its address', 'https://rebind.example.org/a.png'],
  ['that redirects to one', 'https://pictures.example.org/redirect?to=http://169.254.169.254/'],
  ['on another port', 'https://pictures.example.org:22/a.png'],
  ['of an address by itself', 'https://8.8.8.8/a.png'],
])(
  'I2 a picture %s is passed on as it is: Weir resolves no name, and leaves this machine for nobody',
  async (_, image) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    using watch = new NetworkWatch();
    const reply = await weir.post('describe-image', { image, detail: 'high' });
    expect([reply.status, watch.names]).toEqual([200, 0]);
    for (const target of watch.targets) expect(target).toMatch(/^127\.0\.0\.1:/);
    expect(watch.targets).toContain(new URL(upstream.baseUrl).host);
    expect(upstream.requests).toHaveLength(1);
    expect(JSON.stringify(upstream.requests[0]!.body.input)).toContain(
      JSON.stringify({ type: 'input_image', image_url: image, detail: 'high' }),
    );
  },
);

const LOOPBACK_AND_METADATA = [
  'https://2130706433/',
  'https://0x7f000001/',
  'https://017700000001/',
  'https://0x7f.0.0.1/',
  'https://0177.0.0.01/',
  'https://127.1/',
  'https://127.0.0.1./',
  'https://127.0.0.1:443/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[0:0:0:0:0:ffff:a9fe:a9fe]/',
  'https://[64:ff9b::a9fe:a9fe]/',
  'https://[2002:a9fe:a9fe::1]/',
  'https://[fd00:ec2::254]/',
  'https://user@169.254.169.254/',
  'https://169.254.169.254@pictures.example.org/',
  'https://example.com@169.254.169.254/',
  'https://example.com:word@169.254.169.254/',
  'https://%31%36%39.254.169.254/',
  'https://169%2e254%2e169%2e254/',
  'https://１６９.２５４.１６９.２５４/',
  'https://169。254。169。254/',
  'https://①②⑦.0.0.1/',
  'https://example.com\\@169.254.169.254/',
  'https://localhost./',
  'https://LOCALHOST/',
  'https://ip6-localhost/',
  'https://metadata/',
  'https://metadata.google.internal./',
  'HTTPS://169.254.169.254/',
  'http://example.com/',
  '//169.254.169.254/',
  'https:169.254.169.254/',
];

test('I2 no spelling of an inward address passes, plain or streamed, and nothing is asked or spent', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const passed: string[] = [];
  for (const image of LOOPBACK_AND_METADATA) {
    const plain = await weir.post('describe-image', { image });
    const streamed = await weir.stream('describe-image', { image, stream: true });
    await streamed.text();
    if (plain.status !== 400 || streamed.status !== 400) passed.push(image);
  }
  expect(passed).toEqual([]);
  expect([upstream.requests, await weir.ledger()]).toEqual([[], []]);
});
