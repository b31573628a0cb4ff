import { describe, expect, test } from 'vitest';
import { readPass, refusalOf } from '#test/support/pass-reading.ts';

const own = [
  { type: 'function', name: 'f', parameters: { type: 'object' } },
  { type: 'custom', name: 'c' },
];

describe.each(['chat/completions', 'responses'] as const)('%s', (api) => {
  test('functions and custom tools pass, also in a namespace', () => {
    const tools = [...own, { type: 'namespace', name: 'n', description: 'd', tools: own }];
    expect(readPass(api, { tools }).body['tools']).toEqual(tools);
    expect(readPass(api, { tools: null }).body['tools']).toBeNull();
  });

  test.each([
    'web_search',
    'web_search_preview',
    'web_search_2025_08_26',
    'file_search',
    'code_interpreter',
    'image_generation',
    'mcp',
    'computer',
    'computer_use_preview',
    'local_shell',
    'shell',
    'apply_patch',
    'tool_search',
    'programmatic_tool_calling',
    'a_tool_of_tomorrow',
  ])('%s is refused, with its place', (type) => {
    const reason = `must be function or custom: what '${type}' costs cannot be bounded`;
    expect(refusalOf(api, { tools: [{ type }] }).message).toBe(`tools.0.type ${reason}`);
    const nested = [own[0], { type: 'namespace', name: 'n', tools: [own[1], { type }] }];
    expect(refusalOf(api, { tools: nested }).message).toBe(`tools.1.tools.1.type ${reason}`);
  });

  test.each([
    ['tools', 'all'],
    ['tools.0', ['web_search']],
    ['tools.0.type', [{}]],
    ['tools.0.type', [{ type: ['web_search'] }]],
  ])('%s of a wrong kind is refused', (place, tools) => {
    expect(refusalOf(api, { tools }).message.startsWith(`${place} must be `)).toBe(true);
  });
});

test('tools that an item of the conversation brings along are looked at too', () => {
  const input = [{ type: 'additional_tools', role: 'developer', tools: [{ type: 'web_search' }] }];
  expect(refusalOf('responses', { input }).message).toMatch(/^input\.0\.tools\.0\.type must be function or custom/);
});
