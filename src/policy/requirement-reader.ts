import * as z from 'zod';
import { parsePackageUrl } from '../facts/package-url.js';
import { kindOf } from '../intoto/predicate-kind.js';
import {
  BARE_CHECK_VARIABLES,
  CelFault,
  EVIDENCE_CHECK_VARIABLES,
  parseCel,
  WHEN_VARIABLES,
  type CelVariable,
} from './cel-expression.js';
import { ignoredUntil } from './ignored-finding.js';
import { referencedParameter } from './parameter-reference.js';
import { isNamingBuild } from './naming-builds.js';
import { nearestName } from './policy-fault.js';
import type { EvidenceRequirement, ParameterDeclaration, Requirement } from './policy-document.js';
import { requirementId, requirementShapes } from './requirement-shapes.js';
import type { Path } from './policy-source.js';
import type { DeclaredParameters } from './read-parameters.js';
import { fieldOf, isFields, listOf, readShape, unknownField, type Reading } from './shape-reading.js';
import { whereValues, type WhereValue } from './where-values.js';

const MOST_NESTED = 8;
const MOST_REQUIREMENTS = 200;

const outerShapes = requirementShapes(requirementId, z.unknown());
const innerShapes = requirementShapes(requirementId.optional(), z.unknown());
type Shapes = typeof outerShapes | typeof innerShapes;

/** What a requirement is, by the first of these fields that it has. */
const WORDS = ['anyOf', 'allOf', 'not', 'kind', 'predicateType', 'check'] as const;
type Word = (typeof WORDS)[number];

/** Reads the requirements of one document; faults are noted in the reading. */
export class RequirementReader {
  private readonly ids = new Set<string>();
  /** Where something is asked for that only builds can tell. */
  private readonly askedOfBuilds: Path[] = [];
  private read = 0;

  constructor(
    private readonly reading: Reading,
    private readonly parameters: DeclaredParameters,
  ) {}

  /** One requirement of the document's list, or null where it does not fit. */
  requirement(value: unknown, path: Path): Requirement | null {
    return this.nested(value, path, outerShapes, 0);
  }

  /** What no requirement can say by itself, once all of them are read. */
  together(requirements: readonly Requirement[]): void {
    if (requirements.some(isNamingBuild)) return;
    for (const path of this.askedOfBuilds) {
      this.fault(
        path,
        'needs a requirement about builds to say what was built: one of kind build among the requirements, or in an anyOf there',
      );
    }
  }

  private nested(value: unknown, path: Path, shapes: Shapes, depth: number): Requirement | null {
    this.read += 1;
    if (this.read === MOST_REQUIREMENTS + 1)
      this.fault(path, `expected at most ${MOST_REQUIREMENTS} requirements in all`);
    if (depth > MOST_NESTED) this.fault(path, `expected at most ${MOST_NESTED} levels of anyOf, allOf and not`);
    if (this.read > MOST_REQUIREMENTS || depth > MOST_NESTED) return null;
    const word = isFields(value) ? WORDS.find((candidate) => Object.hasOwn(value, candidate)) : undefined;
    if (word === undefined) {
      this.wordMissing(value, path);
      return null;
    }
    this.identify(value, path);
    const requirement = this.shaped(value, path, shapes, word, depth);
    if (requirement?.when !== undefined) this.expression(requirement.when, [...path, 'when'], WHEN_VARIABLES);
    return requirement;
  }

  private shaped(value: unknown, path: Path, shapes: Shapes, word: Word, depth: number): Requirement | null {
    switch (word) {
      case 'anyOf': {
        const shaped = readShape(this.reading, shapes.anyOf, value, path);
        const anyOf = this.branches(value, path, word, depth);
        return shaped === null || anyOf === null ? null : { ...shaped, anyOf };
      }
      case 'allOf': {
        const shaped = readShape(this.reading, shapes.allOf, value, path);
        const allOf = this.branches(value, path, word, depth);
        return shaped === null || allOf === null ? null : { ...shaped, allOf };
      }
      case 'not': {
        const shaped = readShape(this.reading, shapes.not, value, path);
        const not = this.nested(fieldOf(value, 'not'), [...path, 'not'], innerShapes, depth + 1);
        return shaped === null || not === null ? null : { ...shaped, not };
      }
      case 'check': {
        const shaped = readShape(this.reading, shapes.check, value, path);
        if (shaped !== null) this.expression(shaped.check, [...path, 'check'], BARE_CHECK_VARIABLES);
        return shaped;
      }
      case 'predicateType': {
        const shaped = readShape(this.reading, shapes.predicateType, value, path);
        return shaped === null ? null : this.evidence(shaped, path);
      }
      case 'kind': {
        const kind = fieldOf(value, 'kind');
        if (!isKindWithShape(kind)) {
          this.fault([...path, 'kind'], kindExpected(kind));
          return null;
        }
        const shaped: EvidenceRequirement | null = readShape(this.reading, shapes.kind[kind], value, path);
        return shaped === null ? null : this.evidence(shaped, path);
      }
    }
  }

  private branches(value: unknown, path: Path, word: 'anyOf' | 'allOf', depth: number): Requirement[] | null {
    const branches = listOf(fieldOf(value, word)).map((branch, index) =>
      this.nested(branch, [...path, word, index], innerShapes, depth + 1),
    );
    return branches.every((branch) => branch !== null) ? branches : null;
  }

  private evidence(requirement: EvidenceRequirement, path: Path): EvidenceRequirement {
    this.once(requirement.from, [...path, 'from']);
    const kind = 'kind' in requirement ? requirement.kind : kindOf(requirement.predicateType);
    if (requirement.distinct === 'approver' && kind !== 'approval') {
      this.fault([...path, 'distinct'], 'expected attestor or signer: only approvals have approvers');
    }
    if (requirement.of === 'source') {
      if (kind === 'build') this.fault([...path, 'of'], 'expected image: builds are about images');
      if (requirement.via !== undefined)
        this.fault([...path, 'via'], 'belongs to evidence about images, not about their source');
      this.askedOfBuilds.push([...path, 'of']);
    }
    if ('notBy' in requirement && requirement.notBy !== undefined) this.askedOfBuilds.push([...path, 'notBy']);
    if (requirement.check !== undefined) {
      this.expression(requirement.check, [...path, 'check'], EVIDENCE_CHECK_VARIABLES);
    }
    for (const value of whereValues(requirement)) this.reference(value, path);
    if ('kind' in requirement && requirement.kind === 'scan') {
      requirement.where?.ignore?.forEach(({ until }, index) => {
        const at = [...path, 'where', 'ignore', index, 'until'];
        if (ignoredUntil(until) === null) this.fault(at, `${until} is no day of the calendar`);
      });
      this.once(requirement.where?.vex?.from ?? [], [...path, 'where', 'vex', 'from']);
    }
    if ('kind' in requirement && requirement.kind === 'sbom') {
      requirement.where?.components?.deny.forEach((purl, index) => {
        const at = [...path, 'where', 'components', 'deny', index];
        if (parsePackageUrl(purl) === null) this.fault(at, `${purl} is no package URL`);
      });
    }
    return requirement;
  }

  private once(names: readonly string[], path: Path): void {
    names.forEach((name, index) => {
      if (names.indexOf(name) < index) this.fault([...path, index], `${name} is named twice`);
    });
  }

  private identify(value: unknown, path: Path): void {
    const id = fieldOf(value, 'id');
    if (typeof id !== 'string') return;
    if (this.ids.has(id)) this.fault([...path, 'id'], `another requirement has the id ${id}`);
    this.ids.add(id);
  }

  private wordMissing(value: unknown, path: Path): void {
    this.fault(path, `expected a requirement: fields, with one of ${WORDS.join(', ')}`);
    if (!isFields(value)) return;
    const known = [...WORDS, ...Object.keys(outerShapes.predicateType.shape), 'where'];
    for (const field of Object.keys(value)) {
      if (known.includes(field)) continue;
      this.reading.faults.push(this.reading.source.faultAtField(path, field, unknownField(field, known)));
    }
  }

  private expression(source: string, path: Path, known: readonly CelVariable[]): void {
    try {
      for (const name of parseCel(source, known).parameters) {
        if (!this.parameters.has(name)) this.fault(path, noSuchParameter(name));
      }
    } catch (error) {
      if (!(error instanceof CelFault)) throw error;
      for (const reason of error.reasons) this.fault(path, reason);
    }
  }

  private reference({ path, value, takes }: WhereValue, base: Path): void {
    const name = referencedParameter(value);
    if (name === null) return;
    const at = [...base, ...path];
    const declaration = this.parameters.get(name);
    if (declaration === undefined) this.fault(at, noSuchParameter(name));
    else if (declaration !== null) {
      if (!fits(declaration, takes))
        this.fault(at, `expected ${takes}, but parameter ${name} is of type ${declaration.type}`);
      if (declaration.required !== true && declaration.default === undefined) {
        this.fault(at, `parameter ${name} may be absent: make it required or give it a default`);
      }
    }
  }

  private fault(path: Path, message: string): void {
    this.reading.faults.push(this.reading.source.faultAt(path, message));
  }
}

function noSuchParameter(name: string): string {
  return `there is no parameter ${name}; declare it under parameters`;
}

function fits({ type }: ParameterDeclaration, takes: WhereValue['takes']): boolean {
  switch (takes) {
    case 'text':
      return type === 'string';
    case 'whole number':
      return type === 'integer';
    case 'number':
      return type === 'integer' || type === 'number';
  }
}

function kindExpected(given: unknown): string {
  const kinds = Object.keys(outerShapes.kind);
  if (given === 'other') return `expected one of ${kinds.join(', ')}; other evidence is asked for by predicateType`;
  const near = typeof given === 'string' ? nearestName(given, kinds) : null;
  return `expected one of ${kinds.join(', ')}${near === null ? '' : `; did you mean ${near}?`}`;
}

function isKindWithShape(kind: unknown): kind is keyof Shapes['kind'] {
  return typeof kind === 'string' && Object.hasOwn(outerShapes.kind, kind);
}
