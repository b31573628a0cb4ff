/** Every key that Weir mints for a secret begins so; a key that does not is none of Weir's, and is never touched. */
export function keyNamePrefix(secretId: string): string {
  // arn:aws:secretsmanager:region:account:secret:name-Ab12Cd
  const name = /^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.+)-\w{6}$/.exec(secretId)?.[1] ?? secretId;
  return `weir rotation ${name} `;
}

/** The name of the key that a rotation mints: by it a repeat finds what an earlier try has left. */
export function keyName(secretId: string, rotation: string): string {
  return keyNamePrefix(secretId) + rotation;
}
