/** A column of a table: texts stand flush left, amounts with their points one under another. */
export interface Column {
  readonly title: string;
  readonly holds: 'text' | 'amount';
}

/** Rows under the columns' titles, for a person to read; each line ends with a newline. */
export function alignedTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const texts = columns.map(({ title, holds }, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const aligned = [title, ...(holds === 'amount' ? alignPoints(cells) : cells)];
    const width = Math.max(...aligned.map((text) => text.length));
    return aligned.map((text) => (holds === 'amount' ? text.padStart(width) : text.padEnd(width)));
  });
  const lines = [undefined, ...rows].map((_, line) => texts.map((column) => column[line]).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function alignPoints(amounts: readonly string[]): string[] {
  const halves = amounts.map((amount) => {
    const point = amount.indexOf('.');
    return point === -1 ? [amount, ''] : [amount.slice(0, point), amount.slice(point)];
  });
  const widest = Math.max(0, ...halves.map(([, fraction = '']) => fraction.length));
  return halves.map(([whole = '', fraction = '']) => whole + fraction.padEnd(widest));
}
