import { candidatesOf } from './candidates.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Conditions, Line } from './conditions.js';
import type { Entry, Gathered, GatheredLine, Rejected } from './evidence.js';
import { NO_REMOVALS } from './finding-removals.js';
import type { Scene } from './scene.js';
import { gatherVex } from './vex-removals.js';

/** Gathers the evidence for a requirement, once for all the moments at which one verdict looks at it. */
export function gatherEvidence(requirement: CompiledEvidence, scene: Scene): Gathered {
  const known = scene.gathered.get(requirement);
  if (known !== undefined) return known;
  const vex = requirement.vex === null ? null : gatherVex(requirement.vex, scene);
  const conditions = requirement.conditions(scene.parameters, vex?.removals ?? NO_REMOVALS);
  const { entries, refused } = candidatesOf(requirement, conditions, scene);
  const lines = conditions.lines.map((line) => chooseFor(line, entries));
  const chosen = new Set(lines.flatMap((line) => line.chosen));
  const beside = entries.filter((entry) => !chosen.has(entry)).map((entry) => besideAll(entry, conditions));
  const gathered = { conditions, lines, refused, beside, vex };
  scene.gathered.set(requirement, gathered);
  return gathered;
}

function chooseFor(line: Line, entries: readonly Entry[]): GatheredLine {
  const chosen: Entry[] = [];
  const near: Rejected[] = [];
  for (const entry of entries) {
    const miss = line.misses(entry.fact.content);
    if (miss === null) chosen.push(entry);
    else if (miss.near) near.push({ entry, reason: { code: 'condition_false', message: miss.message } });
  }
  return { line, chosen, near };
}

function besideAll(entry: Entry, { lines }: Conditions): Rejected {
  const [message = ''] = lines.flatMap((line) => line.misses(entry.fact.content)?.message ?? []);
  return { entry, reason: { code: 'condition_false', message } };
}
