import { parse } from '@bufbuild/cel';
import { domainCall } from './cel-call.js';
import { celEnvironment } from './cel-functions.js';

export const CEL_VARIABLES = ['fact', 'predicate', 'attestation', 'image', 'params', 'now'] as const;
export type CelVariable = (typeof CEL_VARIABLES)[number];

/** What an expression may speak of, by where it stands. */
export const EVIDENCE_CHECK_VARIABLES: readonly CelVariable[] = CEL_VARIABLES;
export const BARE_CHECK_VARIABLES: readonly CelVariable[] = ['params', 'image', 'now'];
export const WHEN_VARIABLES: readonly CelVariable[] = ['params', 'image'];

/** A CEL expression that has passed every limit; its parse is repeated where it runs. */
export interface CelExpression {
  readonly source: string;
  readonly variables: ReadonlySet<CelVariable>;
  /** Parameters that it names, as `params.x` or `params["x"]`. */
  readonly parameters: ReadonlySet<string>;
  /** The fields of `fact` that it names, as `fact.x`; null where it may speak of any. */
  readonly factFields: ReadonlySet<string> | null;
}

/** An expression that cannot be accepted, with every reason found. */
export class CelFault extends Error {
  override readonly name = 'CelFault';

  constructor(
    readonly reasons: readonly string[],
    options?: ErrorOptions,
  ) {
    super(reasons.join('; '), options);
  }
}

const MOST_CHARACTERS = 4096;
const MOST_BRACKETS = 50;
const MOST_NESTING = 100;
const MOST_COMPREHENSIONS = 10;
const MOST_NESTED_COMPREHENSIONS = 3;

/**
 * Reads an expression and holds it to the limits: 4096 characters, 50 nested brackets, a tree of 100 levels, ten
 * comprehensions of which three nested, the given variables, the standard functions and those of cel-functions, called with
 * what they take as far as that can be seen. None of them bounds how long an
 * evaluation takes; that is for where it runs.
 *
 * @throws CelFault
 */
export function parseCel(source: string, known: readonly CelVariable[]): CelExpression {
  if (source.length > MOST_CHARACTERS) throw new CelFault([`expected at most ${MOST_CHARACTERS} characters`]);
  // The parser recurses, and how deep it can go depends on its caller; this limit does not.
  if (nestedBrackets(source) > MOST_BRACKETS) throw new CelFault([`expected at most ${MOST_BRACKETS} nested brackets`]);
  const reader = new ExpressionReader(known);
  reader.read(parsed(source), new Set(), 0, 0);
  if (reader.reasons.size > 0) throw new CelFault([...reader.reasons]);
  const { variables, parameters, factFields, speaksOfWholeFact } = reader;
  return { source, variables, parameters, factFields: speaksOfWholeFact ? null : factFields };
}

type Expr = ReturnType<typeof parse>['expr'];

function parsed(source: string): Expr {
  try {
    return parse(source).expr;
  } catch (cause) {
    if (cause instanceof RangeError) throw new CelFault(['nested too deeply'], { cause });
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CelFault([`not a CEL expression: ${message.replace(/^<input>:/, '')}`], { cause });
  }
}

function nestedBrackets(source: string): number {
  let depth = 0;
  let most = 0;
  for (const character of source) {
    if ('([{'.includes(character)) most = Math.max(most, (depth += 1));
    else if (')]}'.includes(character)) depth -= 1;
  }
  return most;
}

const FUNCTIONS = celEnvironment().funcs;
/** What the planner handles itself and so no table of functions holds. */
const OPERATORS: ReadonlySet<string> = new Set(['_&&_', '_||_', '_?_:_', '_[_]', '@not_strictly_false']);
const TYPES: ReadonlySet<string> = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
]);

class ExpressionReader {
  readonly variables = new Set<CelVariable>();
  readonly parameters = new Set<string>();
  readonly factFields = new Set<string>();
  speaksOfWholeFact = false;
  readonly reasons = new Set<string>();
  private comprehensions = 0;

  constructor(private readonly known: readonly CelVariable[]) {}

  read(expression: Expr | undefined, bound: ReadonlySet<string>, depth: number, loops: number): void {
    if (expression === undefined) return;
    if (depth > MOST_NESTING) {
      this.reasons.add('nested too deeply');
      return;
    }
    const inner = (part: Expr | undefined, names = bound, within = loops): void => {
      this.read(part, names, depth + 1, within);
    };
    const { exprKind } = expression;
    switch (exprKind.case) {
      case 'identExpr':
        this.name(exprKind.value.name, bound);
        return;
      case 'selectExpr':
        if (this.isParams(exprKind.value.operand, bound)) this.parameters.add(exprKind.value.field);
        if (this.isFact(exprKind.value.operand, bound)) {
          this.factFields.add(exprKind.value.field);
          this.variables.add('fact');
          return;
        }
        inner(exprKind.value.operand);
        return;
      case 'callExpr': {
        const { function: name, target, args } = exprKind.value;
        const call = domainCall(exprKind.value);
        if (call !== null) {
          for (const reason of call.reasons) this.reasons.add(reason);
          for (const argument of args) inner(argument);
          return;
        }
        if (!OPERATORS.has(name) && FUNCTIONS.find(name) === undefined) {
          this.reasons.add(`there is no function ${name}`);
        }
        const index = args[1]?.exprKind;
        if (name === '_[_]' && this.isParams(args[0], bound) && index?.case === 'constExpr') {
          const { constantKind } = index.value;
          if (constantKind.case === 'stringValue') this.parameters.add(constantKind.value);
        }
        inner(target);
        for (const argument of args) inner(argument);
        return;
      }
      case 'listExpr':
        for (const element of exprKind.value.elements) inner(element);
        return;
      case 'structExpr':
        if (exprKind.value.messageName !== '') this.reasons.add(`there is no type ${exprKind.value.messageName}`);
        for (const entry of exprKind.value.entries) {
          if (entry.keyKind.case === 'mapKey') inner(entry.keyKind.value);
          inner(entry.value);
        }
        return;
      case 'comprehensionExpr': {
        const loop = exprKind.value;
        this.comprehensions += 1;
        if (this.comprehensions > MOST_COMPREHENSIONS) {
          this.reasons.add(`expected at most ${MOST_COMPREHENSIONS} of all, exists, exists_one, map and filter`);
        }
        if (loops >= MOST_NESTED_COMPREHENSIONS) {
          this.reasons.add(
            `expected at most ${MOST_NESTED_COMPREHENSIONS} nested of all, exists, exists_one, map and filter`,
          );
        }
        inner(loop.iterRange);
        const names = new Set([...bound, loop.iterVar, loop.accuVar]);
        for (const part of [loop.accuInit, loop.loopCondition, loop.loopStep, loop.result])
          inner(part, names, loops + 1);
        return;
      }
      case 'constExpr':
        return;
      case undefined:
        this.reasons.add('not a CEL expression');
    }
  }

  private name(written: string, bound: ReadonlySet<string>): void {
    if (bound.has(written) || TYPES.has(written)) return;
    const name = written.replace(/^\./, '');
    const variable = this.known.find((candidate) => candidate === name);
    if (variable === 'fact') this.speaksOfWholeFact = true;
    if (variable !== undefined) this.variables.add(variable);
    else this.reasons.add(`${name} is not known here; known are ${this.known.join(', ')}`);
  }

  /** Where it is known and not hidden by a name that a comprehension gives. */
  private isFact(expression: Expr | undefined, bound: ReadonlySet<string>): boolean {
    const kind = expression?.exprKind;
    return (
      kind?.case === 'identExpr' && kind.value.name === 'fact' && !bound.has('fact') && this.known.includes('fact')
    );
  }

  private isParams(expression: Expr | undefined, bound: ReadonlySet<string>): boolean {
    const kind = expression?.exprKind;
    if (kind?.case !== 'identExpr') return false;
    return (kind.value.name === 'params' && !bound.has('params')) || kind.value.name === '.params';
  }
}
