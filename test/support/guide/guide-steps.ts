/** One of the terminals that a guide speaks of. */
export type TerminalName = 'first' | 'second';

/** What a reader of a guide does: write a file, or type commands. */
export type GuideStep = FileStep | CommandStep;

/** A `ts` block. Its first line is a comment with the file's path in the repository, and part of the file. */
export interface FileStep {
  readonly kind: 'file';
  /** The line of the guide that it begins at, from 1. */
  readonly line: number;
  readonly path: string;
  readonly text: string;
}

/** An `sh` block. Its first line is a comment with the terminal that it is for. */
export interface CommandStep {
  readonly kind: 'commands';
  /** The line of the guide that it begins at, from 1. */
  readonly line: number;
  readonly terminals: readonly TerminalName[];
  readonly text: string;
  /** What the block without a language after it says is printed; absent where the guide says nothing of that. */
  readonly told?: string;
}

const TERMINALS: Readonly<Record<string, readonly TerminalName[]>> = {
  '# first terminal': ['first'],
  '# second terminal': ['second'],
  '# both terminals': ['first', 'second'],
};

interface Block {
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** A guide's steps, in its order. @throws Error that names the line of a block which is no step */
export function guideSteps(markdown: string): GuideStep[] {
  const blocks = blocksOf(markdown);
  return blocks.flatMap((block, at): GuideStep[] => {
    const next = blocks[at + 1];
    switch (block.language) {
      case 'ts':
        return [fileStep(block)];
      case 'sh':
        return [{ ...commandStep(block), ...(next?.language === '' && { told: next.text }) }];
      default:
        if (block.language === '' && blocks[at - 1]?.language === 'sh') return [];
        throw new Error(`line ${block.line}: a block must be ts, sh, or what the sh block before it prints`);
    }
  });
}

function fileStep({ line, text }: Block): FileStep {
  const path = /^\/\/ (\S+)\n/.exec(text)?.[1];
  if (path === undefined) throw new Error(`line ${line}: the first line of a ts block must name its file`);
  return { kind: 'file', line, path, text };
}

function commandStep({ line, text }: Block): CommandStep {
  const terminals = TERMINALS[text.split('\n', 1)[0] ?? ''];
  if (!terminals) throw new Error(`line ${line}: the first line of an sh block must name its terminal`);
  return { kind: 'commands', line, terminals, text };
}

/** What stands between fences, with its line ends. */
function blocksOf(markdown: string): Block[] {
  return Array.from(markdown.matchAll(/^```(.*)\n([^]*?)^```$/gm), ({ 1: language = '', 2: text = '', index }) => ({
    line: markdown.slice(0, index).split('\n').length,
    language,
    text,
  }));
}
