/** What Lambda, the local gateway and the tests give with an event. */
export interface InvocationContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}
