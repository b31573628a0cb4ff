/** What Weir uses of aws4, which ships no types. */
declare module 'aws4' {
  interface SignableRequest {
    service: string;
    region: string;
    host: string;
    path: string;
    method: string;
    headers: Record<string, string>;
    body: string;
  }
  interface Signer {
    sign(
      request: SignableRequest,
      credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined },
    ): { headers: Record<string, string | number> };
  }
  const aws4: Signer;
  export default aws4;
}
