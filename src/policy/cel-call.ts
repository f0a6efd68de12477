import type { parse } from '@bufbuild/cel';
import { DOMAIN_FUNCTIONS, type DomainFunction } from './cel-functions.js';

type Expr = NonNullable<ReturnType<typeof parse>['expr']>;
type Call = Extract<Expr['exprKind'], { readonly case: 'callExpr' }>['value'];

const BY_NAME = new Map(DOMAIN_FUNCTIONS.map((each) => [each.name, each]));

/**
 * The call of a function of ours, with every fault of it that shows without its being evaluated: how many arguments it has,
 * arguments that can be no text, and texts written out that it cannot take. null where the call is of something else.
 *
 * A name with dots is a function's before it is a field's, as in CEL itself, even where a variable is called the same.
 */
export function domainCall(call: Call): { readonly reasons: readonly string[] } | null {
  const called = functionOf(call);
  if (called === null) return null;
  const { name, parameters } = called;
  if (call.args.length !== parameters.length) {
    return { reasons: [`${name} takes ${parameters.map((parameter) => parameter.name).join(' and ')}`] };
  }
  const reasons = parameters.flatMap((parameter, index) => {
    const argument = call.args[index];
    const fault = argument === undefined ? null : faultOf(argument, parameter.faultOf);
    return fault === null ? [] : [`${name}: ${parameter.name}: ${fault}`];
  });
  return { reasons };
}

function functionOf({ target, function: name }: Call): DomainFunction | null {
  const namespace = target === undefined ? '' : qualifiedName(target);
  if (namespace === null) return null;
  const called = namespace === '' ? name : `${namespace}.${name}`;
  return BY_NAME.get(called.replace(/^\./, '')) ?? null;
}

function qualifiedName({ exprKind }: Expr): string | null {
  if (exprKind.case === 'identExpr') return exprKind.value.name;
  if (exprKind.case !== 'selectExpr' || exprKind.value.testOnly || exprKind.value.operand === undefined) return null;
  const operand = qualifiedName(exprKind.value.operand);
  return operand === null ? null : `${operand}.${exprKind.value.field}`;
}

function faultOf(argument: Expr, textFault: (text: string) => string | null): string | null {
  const { exprKind } = argument;
  if (exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'stringValue') {
    return textFault(exprKind.value.constantKind.value);
  }
  const type = typeOf(argument);
  return type === null || type === 'string' ? null : `expected a text and not a ${type}`;
}

const CONSTANT_TYPES: Readonly<Record<string, string>> = {
  boolValue: 'bool',
  bytesValue: 'bytes',
  doubleValue: 'double',
  int64Value: 'int',
  nullValue: 'null',
  stringValue: 'string',
  uint64Value: 'uint',
};

/** Functions of the standard whose result has one type whatever they are given. */
const RESULT_TYPES: Readonly<Record<string, string>> = {
  int: 'int',
  uint: 'uint',
  double: 'double',
  bool: 'bool',
  string: 'string',
  bytes: 'bytes',
  size: 'int',
  timestamp: 'timestamp',
  duration: 'duration',
  matches: 'bool',
  startsWith: 'bool',
  endsWith: 'bool',
  contains: 'bool',
  '_==_': 'bool',
  '_!=_': 'bool',
  '_<_': 'bool',
  '_<=_': 'bool',
  '_>_': 'bool',
  '_>=_': 'bool',
  '_&&_': 'bool',
  '_||_': 'bool',
  '!_': 'bool',
  '@in': 'bool',
};

/** The type of an expression where it shows without its being evaluated, else null: evidence may hold anything. */
function typeOf({ exprKind }: Expr): string | null {
  switch (exprKind.case) {
    case 'constExpr':
      return ownValue(CONSTANT_TYPES, exprKind.value.constantKind.case ?? '');
    case 'listExpr':
      return 'list';
    case 'structExpr':
      return 'map';
    case 'callExpr':
      return functionOf(exprKind.value)?.result ?? ownValue(RESULT_TYPES, exprKind.value.function);
    default:
      return null;
  }
}

function ownValue(table: Readonly<Record<string, string>>, name: string): string | null {
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}
