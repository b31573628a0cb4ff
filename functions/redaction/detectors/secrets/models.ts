import { tokens } from './token.ts';

/** Keys of model providers. */
export const modelDetectors = [
  // https://platform.openai.com/docs/api-reference/authentication
  ...tokens('OPENAI_KEY', 'sk-(proj|svcacct|admin|None)-{s8-200}', 'sess-{w40}'),
  // https://docs.anthropic.com/en/api/admin-api
  ...tokens('ANTHROPIC_KEY', 'sk-ant-{s24-160}'),
  // https://openrouter.ai/docs/api-reference/authentication
  ...tokens('OPENROUTER_KEY', 'sk-or-v1-{h64}'),
  // https://huggingface.co/docs/hub/security-tokens
  ...tokens('HUGGING_FACE_TOKEN', 'hf_{w34-40}', 'api_org_{w34}'),
  // https://console.groq.com/docs/quickstart
  ...tokens('GROQ_KEY', 'gsk_{w52}'),
  // https://docs.perplexity.ai/guides/getting-started
  ...tokens('PERPLEXITY_KEY', 'pplx-{w32-64}'),
  // https://replicate.com/docs/topics/security/api-tokens
  ...tokens('REPLICATE_TOKEN', 'r8_{w37-40}'),
  // https://docs.x.ai/docs/overview
  ...tokens('XAI_KEY', 'xai-{w70-90}'),
  // https://docs.smith.langchain.com
  ...tokens('LANGSMITH_KEY', 'lsv2_(pt|sk)_{h32}_{h10}'),
  // https://langfuse.com/docs
  ...tokens('LANGFUSE_KEY', 'sk-lf-{uuid}'),
  // https://docs.wandb.ai
  ...tokens('WANDB_KEY', 'wandb_v1_{s20-80}'),
  // https://docs.api.nvidia.com
  ...tokens('NVIDIA_KEY', 'nvapi-{s60-70}'),
  // https://docs.pinecone.io
  ...tokens('PINECONE_KEY', 'pcsk_{s50-80}'),
  // https://docs.tavily.com
  ...tokens('TAVILY_KEY', 'tvly-{s32-48}'),
  // https://docs.fireworks.ai
  ...tokens('FIREWORKS_KEY', 'fw_{w22-24}'),
  // https://elevenlabs.io/docs
  ...tokens('ELEVENLABS_KEY', 'sk_{h48}'),
  // https://developers.deepgram.com
  ...tokens('DEEPGRAM_KEY', 'dg.{s40-60}'),
];
