import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  ApiKeySourceType,
  AuthorizationType,
  type CfnRestApi,
  EndpointType,
  IdentitySource,
  LambdaIntegration,
  LogGroupLogDestination,
  type Method,
  type MethodOptions,
  MethodLoggingLevel,
  ResponseTransferMode,
  RestApi,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EntryFunction } from './entry-function.ts';
import { NAMESPACE, PERIOD } from './endpoint-metrics.ts';
import { answerWithProblems } from './gateway-problems.ts';
import { answerPreflights } from './preflight.ts';
import { RatePlans } from './rate-plans.ts';
import { WebAcl } from './web-acl.ts';

export interface GatewayProps {
  /** Name of the stage, and so the first part of every URL's path. */
  readonly stage: string;
  readonly authorizer: EntryFunction;
  /** How long a decision of the authorizer holds, for all routes of a key, in seconds. */
  readonly authorizerCacheSeconds: number;
  /** Requests a second that the whole API takes, and as many again at once. @default 200 */
  readonly requestsPerSecond?: number;
  /** Requests a second that single routes take, by route: `/docs/{asset}/GET`; ten times as many at once. @default none */
  readonly routeRequestsPerSecond?: Readonly<Record<string, number>>;
  /** The origin whose pages may read replies. @default none */
  readonly corsOrigin?: string | undefined;
  /** AWS WAF stands before it. @default false */
  readonly waf?: boolean;
  /** @default one month */
  readonly logRetention?: RetentionDays;
}

export interface GatewayRoute {
  readonly method: string;
  /** `/v1/summarize` */
  readonly path: string;
  /** What proves who comes: nothing, a caller's key, or a signature that IAM checks. */
  readonly proof: 'none' | 'key' | 'iam';
  /** Whether the function writes its replies, plain ones too, to a stream. */
  readonly streams: boolean;
  readonly handler: EntryFunction;
}

/** The REST API in front of the functions: keys, limits, logs, and problems where no function answers. */
export class Gateway extends Construct {
  readonly api: RestApi;
  readonly ratePlans: RatePlans;
  /** Requests that were refused because the authorizer itself failed. A wrong key is none. */
  readonly authorizerFailures: Metric;
  /** What stands before it, if anything does. */
  readonly webAcl: WebAcl | undefined;
  readonly #authorizer: TokenAuthorizer;
  readonly #corsOrigin: string | undefined;
  /** The methods of each resource, by its path. */
  readonly #methods = new Map<string, string[]>();

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const { logRetention = RetentionDays.ONE_MONTH } = props;
    const accessLog = this.#logGroup('AccessLog', { retention: logRetention });
    this.api = this.#makeApi(props, accessLog);
    this.#keepExecutionLog(props.stage, logRetention);
    this.#demandRecentTls();
    this.webAcl = props.waf === true ? new WebAcl(this, 'WebAcl', { stage: this.api.deploymentStage }) : undefined;
    this.#explainFindings();
    this.#corsOrigin = props.corsOrigin;
    answerWithProblems(this.api, props.corsOrigin);
    this.ratePlans = new RatePlans(this, 'RatePlans', { api: this.api, stage: props.stage });
    this.#authorizer = this.#makeAuthorizer(props);
    this.authorizerFailures = this.#countAuthorizerFailures(accessLog);
  }

  /** Routes a method and a path to a function. */
  addRoute({ method, path, proof, streams, handler }: GatewayRoute): Method {
    const resource = this.api.root.resourceForPath(path);
    const route = resource.addMethod(method, integrationOf(handler, streams), this.#proofs()[proof]);
    Validations.of(route).acknowledge(
      { id: 'AwsSolutions-COG4', reason: NO_USER_POOL[proof] },
      ...(proof === 'none' ? [{ id: 'AwsSolutions-APIG4', reason: NO_USER_POOL.none }] : []),
    );
    if (this.#corsOrigin !== undefined) handler.lambda.addEnvironment('WEIR_CORS_ORIGIN', this.#corsOrigin);
    this.#methods.set(path, [...(this.#methods.get(path) ?? []), method]);
    return route;
  }

  /** Lets pages of the origin that is set ask before they send; there all routes must stand. Without one it does nothing. */
  answerPreflights(): void {
    if (this.#corsOrigin === undefined) return;
    for (const [path, methods] of this.#methods) {
      answerPreflights(this.api.root.resourceForPath(path), methods, this.#corsOrigin);
    }
  }

  #proofs(): Record<GatewayRoute['proof'], MethodOptions> {
    return {
      none: { authorizationType: AuthorizationType.NONE },
      key: { authorizationType: AuthorizationType.CUSTOM, authorizer: this.#authorizer, apiKeyRequired: true },
      iam: { authorizationType: AuthorizationType.IAM },
    };
  }

  #makeApi(
    { stage, requestsPerSecond = 200, routeRequestsPerSecond = {} }: GatewayProps,
    accessLog: LogGroup,
  ): RestApi {
    const slower = Object.entries(routeRequestsPerSecond).map(([route, rate]) => {
      return [route, { ...LOGGING, throttlingRateLimit: rate, throttlingBurstLimit: 10 * rate }] as const;
    });
    const api = new RestApi(this, 'Api', {
      restApiName: `weir-${stage}`,
      endpointConfiguration: { types: [EndpointType.REGIONAL] },
      // Every body comes as base64: API Gateway would repair invalid UTF-8, which functions are to refuse.
      binaryMediaTypes: ['*/*'],
      // Who has which rate is the authorizer's word; a header of the caller's own counts for nothing.
      apiKeySourceType: ApiKeySourceType.AUTHORIZER,
      // API Gateway writes no log in an account where nobody ever gave it a role.
      cloudWatchRole: true,
      deployOptions: {
        stageName: stage,
        throttlingRateLimit: requestsPerSecond,
        throttlingBurstLimit: requestsPerSecond,
        ...LOGGING,
        methodOptions: Object.fromEntries(slower),
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG_LINE)),
      },
    });
    // Weir has one output, and it is not this one.
    api.node.tryRemoveChild('Endpoint');
    return api;
  }

  /** The log that API Gateway would make for itself, and keep for ever. */
  #keepExecutionLog(stage: string, retention: RetentionDays): void {
    const logGroupName = `API-Gateway-Execution-Logs_${this.api.restApiId}/${stage}`;
    this.api.deploymentStage.node.addDependency(this.#logGroup('ExecutionLog', { logGroupName, retention }));
  }

  #logGroup(id: string, props: { readonly logGroupName?: string; readonly retention: RetentionDays }): LogGroup {
    return new LogGroup(this, id, { ...props, removalPolicy: RemovalPolicy.DESTROY });
  }

  /** TLS 1.2 at least, from clients that name the host they want. */
  #demandRecentTls(): void {
    const api = this.api.node.defaultChild as CfnRestApi;
    api.securityPolicy = 'SecurityPolicy_TLS13_1_2_2021_06';
    api.endpointAccessMode = 'STRICT';
  }

  #makeAuthorizer({ authorizer, authorizerCacheSeconds }: GatewayProps): TokenAuthorizer {
    return new TokenAuthorizer(this, 'Authorizer', {
      handler: authorizer.lambda,
      identitySource: IdentitySource.header('Authorization'),
      resultsCacheTtl: Duration.seconds(authorizerCacheSeconds),
    });
  }

  #countAuthorizerFailures(accessLog: LogGroup): Metric {
    const failed = (type: string) => FilterPattern.stringValue('$.responseType', '=', type);
    const filter = new MetricFilter(this, 'AuthorizerFailures', {
      logGroup: accessLog,
      filterPattern: FilterPattern.any(failed('AUTHORIZER_FAILURE'), failed('AUTHORIZER_CONFIGURATION_ERROR')),
      metricNamespace: NAMESPACE,
      metricName: 'AuthorizerFailures',
      metricValue: '1',
      dimensions: { Api: '$.api' },
    });
    return filter.metric({ statistic: 'Sum', period: PERIOD, dimensionsMap: { Api: this.api.restApiId } });
  }

  #explainFindings(): void {
    Validations.of(this.api).acknowledge({
      id: 'AwsSolutions-APIG2',
      reason: 'The functions validate, with the same schemas that OpenAPI shows, and name field, limit and value.',
    });
    if (!this.webAcl) {
      Validations.of(this.api.deploymentStage).acknowledge({
        id: 'AwsSolutions-APIG3',
        reason:
          'Every route but the few that cost nothing upstream asks for a proof, and the stage throttles. A web ACL is there for the asking (-c waf=true).',
      });
    }
    Validations.of(this.api).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
      reason:
        'The role with which API Gateway writes logs is one for the account, and AWS wrote its policy for just that.',
    });
  }
}

const NO_USER_POOL: Readonly<Record<GatewayRoute['proof'], string>> = {
  none: 'One of the named public routes: it tells nothing of the deployment and costs nothing upstream.',
  key: 'Callers hold keys of Weir, which its own authorizer proves; there is no user pool.',
  iam: 'Administrators are principals of IAM, which checks their signatures; there is no user pool.',
};

/** Errors only, and never the data: bodies and headers stay out of every log. */
const LOGGING = { loggingLevel: MethodLoggingLevel.ERROR, dataTraceEnabled: false };

/** API Gateway's own limit of a buffered reply. */
const BUFFERED_TIMEOUT = Duration.seconds(29);

/**
 * How API Gateway calls a function. A streaming one by another of Lambda's APIs, and for as long as it may run: API Gateway
 * would take 15 minutes, of which five in silence
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html). Both ask for the same permission.
 */
function integrationOf({ lambda, timeout }: EntryFunction, streams: boolean): LambdaIntegration {
  return new LambdaIntegration(lambda, {
    proxy: true,
    responseTransferMode: streams ? ResponseTransferMode.STREAM : ResponseTransferMode.BUFFERED,
    timeout: streams ? timeout : BUFFERED_TIMEOUT,
    allowTestInvoke: false,
  });
}

/** One line a request. No header, no query, no address, nothing of what the caller sent. */
const ACCESS_LOG_LINE = {
  requestId: '$context.requestId',
  api: '$context.apiId',
  time: '$context.requestTime',
  method: '$context.httpMethod',
  // The route, not the path that was typed.
  route: '$context.resourcePath',
  status: '$context.status',
  responseType: '$context.error.responseType',
  caller: '$context.authorizer.principalId',
  // Whom IAM proved: what administrators only look at is in no audit trail.
  administrator: '$context.identity.userArn',
  authorizerLatencyMs: '$context.authorizer.latency',
  integrationStatus: '$context.integration.status',
  integrationLatencyMs: '$context.integration.latency',
  responseLatencyMs: '$context.responseLatency',
  responseBytes: '$context.responseLength',
};
