/** Where an error was thrown: the top frame of its stack. The message may quote input, the frame does not. */
export function errorPlace(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const lines = error.stack?.split('\n');
  return lines?.find((line) => line.startsWith('    at '))?.trim();
}
