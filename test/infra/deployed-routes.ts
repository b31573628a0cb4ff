import type { Deployment, Resource } from './deployment.ts';

/** The methods of the REST API by route: `POST /v1/summarize`. */
export function routesOf(deployment: Deployment): Map<string, Resource> {
  const methods = deployment.ofType('AWS::ApiGateway::Method');
  return new Map(
    methods.map((method) => {
      const resource = deployment.target(method.stack, method.Properties['ResourceId']);
      return [`${method.Properties['HttpMethod']} ${pathFrom(deployment, resource)}`, method];
    }),
  );
}

function pathFrom(deployment: Deployment, { stack, Type, Properties }: Resource): string {
  if (Type === 'AWS::ApiGateway::RestApi') return '';
  const parent = Properties['ParentId'] as { 'Fn::GetAtt': [string, string] };
  return `${pathFrom(deployment, deployment.target(stack, parent))}/${Properties['PathPart']}`;
}
