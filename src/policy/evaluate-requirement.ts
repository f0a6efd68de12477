import { withAlsoRestsOnOf, withWhatDenies } from './also-rests-on.js';
import type { CompiledRequirement } from './compile-policy.js';
import { concluded, sortedIds, viaOf } from './considered.js';
import { withIgnoredOf } from './ignored-findings.js';
import { withRemovedOf } from './removed-findings.js';
import { amendmentFor, leavesBuildersUnread, withBuildFirst } from './not-by-builder.js';
import type { Scene } from './scene.js';
import type { RequirementResult } from './verdict.js';
import { waived } from './waive-requirement.js';
import { NO_WAIVERS } from './waiver.js';
import { weighAboutSource } from './weigh-about-source.js';
import { tooMany, weighViaIndex } from './weigh-via-index.js';

/** What a requirement comes to in a scene. An error anywhere stays an error unless something else decides. */
export function evaluateRequirement(requirement: CompiledRequirement, scene: Scene): RequirementResult {
  return waived(requirement, scene, (place) => evaluateWithin(requirement, place));
}

function evaluateWithin(requirement: CompiledRequirement, scene: Scene): RequirementResult {
  const { id, when } = requirement;
  if (when === null) return evaluateBody(requirement, scene);
  const answer = scene.answers.ask(when, null);
  if (answer !== null && 'error' in answer)
    return failed(id, `its when cannot be evaluated: ${answer.error}`, when.source);
  if (answer?.holds === false) {
    return {
      ...plain(id),
      status: 'not_applicable',
      code: 'not_applicable',
      message: `it does not apply here: ${when.source} does not hold`,
    };
  }
  return scene.answers.within(when, () => evaluateBody(requirement, scene));
}

function evaluateBody(requirement: CompiledRequirement, scene: Scene): RequirementResult {
  switch (requirement.type) {
    case 'evidence': {
      if (!scene.inverted && leavesBuildersUnread(requirement, scene)) return tooMany(requirement.id);
      const weigh = requirement.of === 'source' ? weighAboutSource : weighViaIndex;
      return withBuildFirst(weigh(requirement, scene, amendmentFor(requirement, scene)), requirement, scene);
    }
    case 'check': {
      const { id, check } = requirement;
      const answer = scene.answers.ask(check, null);
      if (answer !== null && 'error' in answer) {
        return failed(id, `its check cannot be evaluated: ${answer.error}`, check.source);
      }
      if (answer?.holds === true)
        return { ...plain(id), status: 'satisfied', code: 'satisfied', message: `${check.source} holds` };
      return {
        ...plain(id),
        status: 'unsatisfied',
        code: 'condition_false',
        message: `${check.source} does not hold`,
        missing: `a place where this holds: ${check.source}`,
      };
    }
    case 'anyOf':
      return anyOf(requirement.id, branchesOf(requirement.branches, scene), scene.inverted);
    case 'allOf':
      return allOf(requirement.id, branchesOf(requirement.branches, scene));
    case 'not':
      return not(
        requirement.id,
        evaluateRequirement(requirement.inner, { ...scene, inverted: !scene.inverted, waivers: NO_WAIVERS }),
      );
  }
}

function branchesOf(branches: readonly CompiledRequirement[], scene: Scene): readonly RequirementResult[] {
  return branches.map((branch) => evaluateRequirement(branch, scene));
}

/**
 * Satisfied by one branch, whatever the others; else waived by the first that is. A branch that does not apply satisfies nothing.
 */
function anyOf(id: string, branches: readonly RequirementResult[], inverted: boolean): RequirementResult {
  const satisfied = branches.filter(({ status }) => status === 'satisfied');
  if (satisfied.length > 0) {
    return joined(id, branches, satisfied, {
      status: 'satisfied',
      code: 'satisfied',
      message: told(satisfied),
      missing: null,
    });
  }
  const excused = branches.find(({ status }) => status === 'waived');
  if (excused !== undefined) return joinedWaived(id, branches, [excused]);
  const erring = branches.filter(({ status }) => status === 'error');
  if (erring.length > 0) return joined(id, branches, [], errorOf(erring));
  // What does not apply satisfies no `not` either, so under one it must not look like something that failed.
  if (inverted && branches.every(({ status }) => status === 'not_applicable')) {
    return {
      ...plain(id),
      status: 'not_applicable',
      code: 'not_applicable',
      message: `no branch applies here: ${told(branches)}`,
    };
  }
  const codes = new Set(branches.map(({ code }) => (code === 'not_applicable' ? 'condition_false' : code)));
  const [only] = codes;
  const code = codes.size === 1 && only !== undefined ? only : 'not_enough_evidence';
  return joined(id, branches, code === 'negative_evidence' ? branches : [], {
    status: 'unsatisfied',
    code,
    message: `no branch is satisfied: ${told(branches)}`,
    missing: branches.flatMap(({ missing }) => (missing === null ? [] : [missing])).join('; or ') || null,
  });
}

/** Satisfied by all branches that apply, or waived where some of them are; where none applies it does not apply itself. */
function allOf(id: string, branches: readonly RequirementResult[]): RequirementResult {
  const applying = branches.filter(({ status }) => status !== 'not_applicable');
  const [one] = applying;
  if (one === undefined) {
    return {
      ...plain(id),
      status: 'not_applicable',
      code: 'not_applicable',
      message: `no branch applies here: ${told(branches)}`,
    };
  }
  const erring = applying.filter(({ status }) => status === 'error');
  if (erring.length > 0) return joined(id, branches, [], errorOf(erring));
  const lacking = applying.filter(({ status }) => status !== 'satisfied' && status !== 'waived');
  const [first] = lacking;
  if (first === undefined) {
    if (applying.some(({ status }) => status === 'waived')) return joinedWaived(id, branches, applying);
    return joined(id, branches, applying, {
      status: 'satisfied',
      code: 'satisfied',
      message: told(applying),
      missing: null,
    });
  }
  return joined(id, branches, lacking, {
    status: 'unsatisfied',
    code: first.code,
    message: told(lacking),
    missing: lacking.flatMap(({ missing }) => (missing === null ? [] : [missing])).join('; and ') || null,
  });
}

/** Satisfied only by what applies, can be evaluated, and is not satisfied. */
function not(id: string, inner: RequirementResult): RequirementResult {
  switch (inner.status) {
    case 'unsatisfied':
      return joined(id, [inner], [], {
        status: 'satisfied',
        code: 'satisfied',
        message: `${inner.id} is not satisfied: ${inner.message}`,
        missing: null,
      });
    case 'error':
      return joined(id, [inner], [], errorOf([inner]));
    case 'not_applicable':
      return {
        ...plain(id),
        status: 'unsatisfied',
        code: 'condition_false',
        message: `${inner.id} does not apply here, which satisfies no not: ${inner.message}`,
        missing: 'a when on the requirement itself, if it is not meant to apply here',
      };
    case 'satisfied':
    case 'waived':
      return withWhatDenies(
        joined(id, [inner], [inner], {
          status: 'unsatisfied',
          code: inner.evidence.length > 0 ? 'negative_evidence' : 'condition_false',
          message: `${inner.id} is satisfied: ${inner.message}`,
          missing: `that ${inner.id} is not satisfied`,
        }),
        inner,
      );
  }
}

type Conclusion = Pick<RequirementResult, 'status' | 'code' | 'message' | 'missing'>;

function errorOf(erring: readonly RequirementResult[]): Conclusion {
  const [first] = erring;
  return { status: 'error', code: 'evaluation_error', message: told(erring), missing: first?.missing ?? null };
}

/** Evidence of branches that did not decide was considered all the same. */
function joined(
  id: string,
  branches: readonly RequirementResult[],
  deciding: readonly RequirementResult[],
  conclusion: Conclusion,
): RequirementResult {
  const others = branches.filter((branch) => !deciding.includes(branch));
  const considered = branches.flatMap((branch) => branch.considered);
  for (const { evidence, code, message } of others) {
    considered.push(...evidence.map((attestation) => ({ attestation, code, message })));
  }
  // At one moment there is one source, whichever branch speaks of it.
  const through = branches.find((branch) => branch.through !== undefined)?.through;
  const evidence = sortedIds(deciding.flatMap((branch) => branch.evidence));
  const result = concluded(
    { id, ...conclusion, evidence, ...(through === undefined ? {} : { through }), ...viaOf(deciding) },
    considered,
  );
  return withIgnoredOf(withRemovedOf(withAlsoRestsOnOf(result, branches, deciding), branches), branches);
}

/** Met with the help of the waivers of branches that decided. */
function joinedWaived(
  id: string,
  branches: readonly RequirementResult[],
  deciding: readonly RequirementResult[],
): RequirementResult {
  const missing = deciding.flatMap((branch) => (branch.missing === null ? [] : [branch.missing])).join('; and ');
  const conclusion = { status: 'waived', code: 'waived', message: told(deciding), missing: missing || null } as const;
  const waivers = [...new Set(deciding.flatMap((branch) => branch.waivers ?? []))].sort();
  return { ...joined(id, branches, deciding, conclusion), waivers };
}

function told(branches: readonly RequirementResult[]): string {
  return branches.map(({ id, message }) => `${id}: ${message}`).join('; ');
}

function failed(id: string, message: string, source: string): RequirementResult {
  return {
    ...plain(id),
    status: 'error',
    code: 'evaluation_error',
    message,
    missing: `an expression that can be evaluated here, instead of: ${source}`,
  };
}

function plain(id: string): Pick<RequirementResult, 'id' | 'evidence' | 'considered' | 'missing'> {
  return { id, evidence: [], considered: [], missing: null };
}
