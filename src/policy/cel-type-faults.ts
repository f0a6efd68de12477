import { parse } from '@bufbuild/cel';
import type { ParameterDeclaration, PolicyDocument, Requirement } from './policy-document.js';

type Expr = ReturnType<typeof parse>['expr'];
type Call = Extract<Expr['exprKind'], { case: 'callExpr' }>['value'];

/** What an expression is for certain, in the word for people. Whole and other numbers compare with each other. */
type Certain = 'true or false' | 'a text' | 'a number' | 'a list' | 'a map' | 'null' | 'no truth value';

type DeclaredTypes = Readonly<Record<string, Pick<ParameterDeclaration, 'type'>>>;

const COMPARISONS: ReadonlySet<string> = new Set(['_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_']);
const CONNECTIVES: ReadonlySet<string> = new Set(['_&&_', '_||_', '!_']);
const TRUTHS: ReadonlySet<string> = new Set([...COMPARISONS, ...CONNECTIVES, '@in']);
/** Whatever they are of, the result is never true or false. */
const VALUES: ReadonlySet<string> = new Set(['_+_', '_-_', '_*_', '_/_', '_%_', '-_']);

const TYPES: Readonly<Record<ParameterDeclaration['type'], Certain>> = {
  string: 'a text',
  integer: 'a number',
  number: 'a number',
  boolean: 'true or false',
};

/**
 * What is certainly wrong with an expression that parseCel has passed: that it is not true or false, or that a parameter is
 * compared with a literal of another type, which is never equal to it and which it cannot be ordered with. What the types
 * are is known of literals, parameters and operators alone; of all else nothing is said.
 *
 * These are warnings and no refusals: documents with them have been published, and stay valid.
 */
export function celTypeFaults(source: string, parameters: DeclaredTypes): readonly string[] {
  const { expr } = parse(source);
  const reader = new TypeReader(parameters);
  reader.truth(expr);
  reader.walk(expr);
  return [...reader.faults];
}

/** The same for every expression of a document, each with where it stands: `licences.check: …`. */
export function expressionWarnings({ requirements, parameters = {} }: PolicyDocument): readonly string[] {
  return requirements.flatMap((requirement, index) => warningsIn(requirement, `requirements[${index}]`, parameters));
}

function warningsIn(requirement: Requirement, path: string, parameters: DeclaredTypes): readonly string[] {
  const name = requirement.id ?? path;
  const told = (field: string, source: string | undefined): readonly string[] =>
    source === undefined ? [] : celTypeFaults(source, parameters).map((fault) => `${name}.${field}: ${fault}`);
  const check = 'check' in requirement ? requirement.check : undefined;
  const own = [...told('when', requirement.when), ...told('check', check)];
  const within = (branch: Requirement, at: string): readonly string[] =>
    warningsIn(branch, `${name}.${at}`, parameters);
  if ('anyOf' in requirement) own.push(...requirement.anyOf.flatMap((each, index) => within(each, `anyOf[${index}]`)));
  if ('allOf' in requirement) own.push(...requirement.allOf.flatMap((each, index) => within(each, `allOf[${index}]`)));
  if ('not' in requirement) own.push(...within(requirement.not, 'not'));
  return own;
}

class TypeReader {
  readonly faults = new Set<string>();

  constructor(private readonly parameters: DeclaredTypes) {}

  /** Notes an expression that stands where true or false is needed and is something else. */
  truth(expression: Expr): void {
    const certain = this.certain(expression);
    if (certain === null || certain === 'true or false') return;
    const what = certain === 'no truth value' ? 'it is neither' : `it is ${certain}`;
    this.faults.add(`expected an expression that is true or false; ${this.subject(expression)}${what}`);
  }

  walk(expression: Expr | undefined): void {
    const kind = expression?.exprKind;
    switch (kind?.case) {
      case 'selectExpr':
        this.walk(kind.value.operand);
        return;
      case 'callExpr': {
        const { function: name, target, args } = kind.value;
        if (CONNECTIVES.has(name))
          args.forEach((argument) => {
            this.truth(argument);
          });
        if (COMPARISONS.has(name)) this.comparison(kind.value);
        if (name === '@in') this.membership(kind.value);
        [target, ...args].forEach((part) => {
          this.walk(part);
        });
        return;
      }
      case 'listExpr':
        kind.value.elements.forEach((element) => {
          this.walk(element);
        });
        return;
      default:
        // What a comprehension binds may have any name and be anything.
        return;
    }
  }

  private comparison({ args: [one, other] }: Call): void {
    if (one === undefined || other === undefined) return;
    this.compared(one, other);
    this.compared(other, one);
  }

  private membership({ args: [one, list] }: Call): void {
    if (one === undefined || list?.exprKind.case !== 'listExpr') return;
    for (const element of list.exprKind.value.elements) this.compared(one, element);
  }

  private compared(parameter: Expr, literal: Expr): void {
    const name = parameterOf(parameter);
    if (name === null || literal.exprKind.case !== 'constExpr') return;
    const [declared, given] = [this.certain(parameter), this.certain(literal)];
    if (declared === null || given === null || given === 'null' || declared === given) return;
    const type = this.parameters[name]?.type ?? '';
    this.faults.add(`parameter ${name} is of type ${type}, and is compared with ${given}`);
  }

  private subject(expression: Expr): string {
    const name = parameterOf(expression);
    return name === null ? '' : `parameter ${name}: `;
  }

  private certain(expression: Expr): Certain | null {
    const { exprKind } = expression;
    switch (exprKind.case) {
      case 'constExpr':
        return certainOf(exprKind.value.constantKind.case);
      case 'listExpr':
        return 'a list';
      case 'structExpr':
        return 'a map';
      case 'selectExpr': {
        if (exprKind.value.testOnly) return 'true or false';
        return this.declared(expression);
      }
      case 'callExpr': {
        const { function: name } = exprKind.value;
        if (TRUTHS.has(name)) return 'true or false';
        if (VALUES.has(name)) return 'no truth value';
        return this.declared(expression);
      }
      default:
        return null;
    }
  }

  private declared(expression: Expr): Certain | null {
    const name = parameterOf(expression);
    if (name === null || !Object.hasOwn(this.parameters, name)) return null;
    const declaration = this.parameters[name];
    return declaration === undefined ? null : TYPES[declaration.type];
  }
}

function certainOf(constant: string | undefined): Certain | null {
  switch (constant) {
    case 'boolValue':
      return 'true or false';
    case 'stringValue':
      return 'a text';
    case 'int64Value':
    case 'uint64Value':
    case 'doubleValue':
      return 'a number';
    case 'nullValue':
      return 'null';
    case 'bytesValue':
      return 'no truth value';
    default:
      return null;
  }
}

/** The parameter that an expression names, as `params.x` or `params["x"]`; null for any other. */
function parameterOf({ exprKind }: Expr): string | null {
  if (exprKind.case === 'selectExpr') {
    const { operand, field, testOnly } = exprKind.value;
    return isParams(operand) && !testOnly ? field : null;
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return null;
  const [operand, index] = exprKind.value.args;
  if (!isParams(operand) || index?.exprKind.case !== 'constExpr') return null;
  const { constantKind } = index.exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : null;
}

function isParams(expression: Expr | undefined): boolean {
  const kind = expression?.exprKind;
  return kind?.case === 'identExpr' && kind.value.name.replace(/^\./, '') === 'params';
}
