import type { RuleTester } from 'oxlint/plugins-dev';

/** A lint rule as oxlint runs it: `create` names the syntax it wants to see. */
export type Rule = Extract<Parameters<RuleTester['run']>[1], { create: unknown }>;

/** What a rule answers: for each kind of syntax, a function that looks at it. */
export type Visitor = ReturnType<Rule['create']>;

/** Every piece of syntax that names another module in its `source`. */
export type Importing =
  | Syntax<'ImportDeclaration'>
  | Syntax<'ImportExpression'>
  | Syntax<'ExportAllDeclaration'>
  | Syntax<'ExportNamedDeclaration'>
  | Syntax<'TSImportType'>;

type Syntax<Kind extends string> = Parameters<NonNullable<Visitor[Kind]>>[0] & { type: Kind };
