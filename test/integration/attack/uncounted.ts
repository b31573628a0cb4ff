const stored = { id: 'pmpt_1' };
const user = (part: object) => ({ role: 'user', content: [part] });
const chat = (part: object) => ({ messages: [user(part)] });
const input = (...items: readonly object[]) => ({ input: items });
const tools = (type: string) => ({ tools: [{ type }] });

/** What no caller but one who may store may send on the compatible routes, and the field that the refusal names (I8). */
export const UNCOUNTED: Readonly<Record<string, readonly (readonly [field: string, change: object])[]>> = {
  'openai/chat-completions': [
    ['web_search_options', { web_search_options: {} }],
    ['prediction', { prediction: { type: 'content', content: 'a' } }],
    ['tools.0.type', tools('web_search')],
    ['tools.0.type', tools('file_search')],
    ['messages.0.content.0', chat({ type: 'file', file: { file_id: 'file-1' } })],
    ['messages.0.content.0.type', chat({ type: 'input_audio', input_audio: { data: '', format: 'wav' } })],
    ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['store', { store: true }],
  ],
  'openai/responses': [
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['conversation', { conversation: 'conv_1' }],
    ['conversation', { conversation: { id: 'conv_1' } }],
    ['prompt', { prompt: stored }],
    ['background', { background: true }],
    ['context_management', { context_management: [{ type: 'compaction' }] }],
    ['reasoning.mode', { reasoning: { mode: 'pro' } }],
    ['input.0', input({ type: 'item_reference', id: 'msg_1' })],
    ['input.0', input({ type: 'reasoning', id: 'rs_1', summary: [] })],
    ['input.0.content.0', input(user({ type: 'input_file', file_id: 'file-1' }))],
    ['input.0.content.0', input(user({ type: 'input_image', file_id: 'file-1' }))],
    ['input.0.content.0.type', input(user({ type: 'input_audio', input_audio: { data: '', format: 'wav' } }))],
    ['tools.0.type', tools('web_search')],
    ['tools.0.type', tools('file_search')],
    ['tools.0.type', tools('code_interpreter')],
    ['tools.0.type', tools('computer_use_preview')],
    ['tools.0.type', tools('image_generation')],
    ['tools.0.type', tools('mcp')],
    ['tools.0.tools.0.type', { tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'web_search' }] }] }],
    ['store', { store: true }],
  ],
  'openai/embeddings': [
    ['input.0', input({ type: 'input_text', text: 'a' })],
    ['model', { model: 'a-model-of-tomorrow' }],
  ],
  'openai/moderations': [['model', { model: 'a-model-of-tomorrow' }]],
};
