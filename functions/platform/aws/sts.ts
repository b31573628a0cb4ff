import { queryOperation } from './query-protocol.ts';
import type { SignedService } from './signed-service.ts';

export interface WebIdentityWish {
  /** Who shall believe the token. */
  readonly audience: string;
  /** From 60 to 3600. */
  readonly durationSeconds: number;
}

/** The one call of STS that a function makes. */
export interface Sts {
  /**
   * A token, signed by AWS, that says which role asks. Only STS's regional endpoints give one.
   * @throws AwsServiceError (`AccessDenied`, `OutboundWebIdentityFederationDisabled…`); the transport's error when no reply came
   */
  webIdentityToken(wish: WebIdentityWish): Promise<string>;
}

/** STS over the Query protocol: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html */
export function createSts(send: SignedService): Sts {
  return {
    webIdentityToken: ({ audience, durationSeconds }) =>
      send(
        queryOperation({
          action: 'GetWebIdentityToken',
          version: '2011-06-15',
          parameters: {
            'Audience.member.1': audience,
            SigningAlgorithm: 'RS256',
            DurationSeconds: String(durationSeconds),
          },
          element: 'WebIdentityToken',
        }),
      ),
  };
}
