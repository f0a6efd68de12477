import type { BuildFact } from './fact.js';
import type { PredicateField } from './predicate-field.js';

/**
 * Where builders of GitHub Actions (slsa-github-generator) and GitLab name whoever started a build: who did first, and who had
 * it run again. They spell them as environment variables, in either case.
 */
const STARTERS = ['github_actor', 'github_triggering_actor', 'gitlab_user_login'];
/** What brought about a run, as GitHub tells of it; `sender` is who caused it (webhook payloads). */
const EVENT = 'github_event_payload';

/** Whoever started a build, as its environment names them, each once and sorted; no such field where it names nobody. */
export function readStarters(environment: PredicateField): Pick<BuildFact, 'startedBy'> {
  const names = environment.names.flatMap((variable) => {
    const known = variable.toLowerCase();
    if (STARTERS.includes(known)) return environment.hint(variable) ?? [];
    return known === EVENT ? (environment.member(variable).member('sender').hint('login') ?? []) : [];
  });
  const startedBy = [...new Set(names.filter((name) => name !== ''))].sort();
  return startedBy.length === 0 ? {} : { startedBy };
}
