import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { EndpointSpec, RouteSpec, ScheduleSpec } from '#edge/specs.ts';
import { bundleEntries, type Bundle } from '#infra/bundle/bundle-entries.ts';
import { readInventory } from '#infra/inventory.ts';
import type { BundleOf } from '#infra/constructs/bundle-of.ts';
import { WeirApp, type WeirAppProps } from '#infra/stacks/weir-app.ts';

/** A resource of a template. Its properties are CloudFormation's, whatever they are. */
export interface Resource {
  readonly stack: string;
  readonly id: string;
  /** Its construct's path below the stack: `summarize/Queues/Work`. */
  readonly path: string;
  readonly Type: string;
  // eslint-disable-next-line typescript/no-explicit-any
  readonly Properties: Readonly<Record<string, any>>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

interface Template {
  readonly Resources: Readonly<Record<string, Omit<Resource, 'stack' | 'id' | 'path'> & { Metadata: Metadata }>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}
interface Metadata {
  readonly 'aws:cdk:path': string;
}

/** What AWS would know of itself. */
const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '111122223333',
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** The templates that an app synthesizes, with their references followed across stacks. */
export class Deployment {
  readonly folder: string;
  readonly templates: ReadonlyMap<string, Template>;
  readonly resources: readonly Resource[];

  constructor(app: WeirApp) {
    const assembly = app.synth();
    this.folder = assembly.directory;
    this.templates = new Map(assembly.stacks.map((stack) => [stack.stackName, stack.template as Template]));
    this.resources = [...this.templates].flatMap(([stack, { Resources }]) =>
      Object.entries(Resources).map(([id, { Metadata: metadata, ...resource }]) => {
        const path = metadata['aws:cdk:path'].slice(stack.length + 1).replace(/\/Resource$/, '');
        return Object.assign(resource, { stack, id, path });
      }),
    );
  }

  ofType(type: string): Resource[] {
    return this.resources.filter((resource) => resource.Type === type);
  }

  at(path: string, type: string): Resource {
    const found = this.ofType(type).filter((resource) => resource.path === path);
    return only(found, `${type} at ${path}`);
  }

  /** What a value names: the resource behind `Ref`, `Fn::GetAtt`, or another stack's output. */
  target(stack: string, value: unknown): Resource {
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::GetStackOutput': output } = value as Reference;
    if (output) return this.target(output.StackName, this.#output(output));
    const id = Ref ?? attribute?.[0];
    const found = this.resources.find((resource) => resource.stack === stack && resource.id === id);
    if (!found) throw new Error(`${JSON.stringify(value)} of ${stack} names no resource`);
    return found;
  }

  /** A value as text, as it might be once deployed. */
  text(stack: string, value: unknown): string {
    if (typeof value !== 'object' || value === null) return String(value);
    const { Ref, 'Fn::Join': joined, 'Fn::GetStackOutput': output } = value as Reference;
    if (joined) return joined[1].map((part) => this.text(stack, part)).join(joined[0]);
    if (output) return this.text(output.StackName, this.#output(output));
    if (Ref !== undefined && PSEUDO_PARAMETERS[Ref] !== undefined) return PSEUDO_PARAMETERS[Ref];
    const { Type: type, path } = this.target(stack, value);
    return type === 'AWS::SQS::Queue' ? `https://sqs.eu-central-1.amazonaws.com/111122223333/${path}` : path;
  }

  #output({ StackName, OutputName }: { StackName: string; OutputName: string }): unknown {
    return this.templates.get(StackName)?.Outputs?.[OutputName]?.Value;
  }
}

interface Reference {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly [string, string];
  readonly 'Fn::GetStackOutput'?: { readonly StackName: string; readonly OutputName: string };
  readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
}

/** The app of some bundles, with the paths of its constructs in the templates. */
export function createApp(bundles: readonly Bundle[], props: Omit<WeirAppProps, 'bundles'> = {}): WeirApp {
  const context = { 'aws:cdk:enable-path-metadata': true, ...props.context };
  return new WeirApp({ ...props, bundles, context, outdir: newOutFolder(bundles) });
}

/** A folder for what is synthesized, beside the bundles; it goes with them. */
export function newOutFolder(bundles: readonly Bundle[]): string {
  return mkdtempSync(join(dirname(find(bundles, 'summarize').folder), 'cdk.out-'));
}

/** The bundle of an entry. */
export function find(bundles: readonly Bundle[], name: string): Bundle {
  return only(
    bundles.filter(({ entry }) => entry.name === name),
    name,
  );
}

/** The one element of a list. @throws when there are none or several */
export function only<Element>(list: readonly Element[], what: string): Element {
  const [first] = list;
  if (list.length !== 1 || first === undefined) throw new Error(`there are ${list.length} of ${what}`);
  return first;
}

let bundled: Promise<Bundle[]> | undefined;

/** The repository's own entries, bundled once for all files of this folder that a worker runs, into a folder that goes with it. */
export async function bundleAll(): Promise<{ bundles: Bundle[] }> {
  bundled ??= bundleIntoFolder();
  return { bundles: [...(await bundled)] };
}

async function bundleIntoFolder(): Promise<Bundle[]> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return bundleEntries(await readInventory(), folder);
}

/** The bundle of `summarize` under another name, with another spec: an endpoint that somebody might add. */
export function plantEndpoint(
  bundles: readonly Bundle[],
  name: string,
  spec: { readonly [Field in keyof EndpointSpec]?: EndpointSpec[Field] | undefined } = {},
): Bundle {
  const bundle = find(bundles, 'summarize');
  return { ...bundle, entry: { ...bundle.entry, name, spec: { ...bundle.entry.spec, ...spec } as EndpointSpec } };
}

/**
 * An OpenAI-compatible endpoint that somebody might add: the caller names the model, answers are streamed, kept where a request
 * asks for it, and there is no queue; unless its spec says otherwise.
 */
export function plantCompatible(
  bundles: readonly Bundle[],
  name: string,
  spec: Parameters<typeof plantEndpoint>[2] = {},
): Bundle {
  return plantEndpoint(bundles, name, {
    path: `/openai/v1/${name}`,
    answers: 'openai',
    model: undefined,
    deterministic: undefined,
    limits: { timeoutMs: 290_000, maxOutputTokens: 4096 },
    stream: { timeoutMs: 870_000 },
    cachesOnRequest: true,
    hasQueue: false,
    errors: 'openai',
    ...spec,
  });
}

/** A route that somebody might add, with the bundle of `pages/health`. For administrators, unless its spec says otherwise. */
export function plantRoute(
  bundles: readonly Bundle[],
  name: string,
  spec: Pick<RouteSpec, 'method' | 'path'> & Partial<RouteSpec>,
): BundleOf<'route'> {
  const bundle = find(bundles, 'pages/health') as BundleOf<'route'>;
  const planted: RouteSpec = { ...bundle.entry.spec, access: ['administrator'], reads: [], writes: [], ...spec };
  return { ...bundle, entry: { ...bundle.entry, name, spec: planted } };
}

/** A schedule that somebody might add, with the bundle of `pages/health`: every minute, and it reaches nothing, unless its spec says otherwise. */
export function plantSchedule(
  bundles: readonly Bundle[],
  name: string,
  spec: Partial<ScheduleSpec> = {},
): BundleOf<'schedule'> {
  const bundle = find(bundles, 'pages/health');
  const planted: ScheduleSpec = {
    summary: 'What somebody might do again and again',
    everyMinutes: 1,
    reads: [],
    writes: [],
    notifies: false,
    catalog: false,
    timeoutMs: 55_000,
    memoryMb: 256,
    ...spec,
    kind: 'schedule',
  };
  return { ...bundle, entry: { ...bundle.entry, name, spec: planted } };
}
