import { quoted } from '../../intoto/json-path.js';
import type { PredicateField } from '../predicate-field.js';

/** The id of the rule that a result names, and the rule's description, null where the log has none. */
export type FindRule = (result: PredicateField) => { readonly id: string; readonly rule: PredicateField | null };

/**
 * Finds the rules of a run's tool (SARIF 2.1.0, 3.27.5 to 3.27.7, 3.52). A result names its rule by id, by its place in
 * the list of the tool's driver, or by a reference that may point into one of the tool's extensions. An id may stand for
 * a part of a rule (`CA1711/1`). Index and id that name two rules are a fault: it is not known how bad the result is.
 */
export function sarifRules(tool: PredicateField): FindRule {
  const driver = tool.member('driver').objects('rules');
  const extensions = tool.objects('extensions').map((extension) => extension.objects('rules'));
  const byId = new Map<string, PredicateField>();
  for (const rule of [driver, ...extensions].flat()) {
    const id = rule.hint('id');
    if (id !== null && !byId.has(id)) byId.set(id, rule);
  }
  return (result) => {
    const reference = result.object('rule');
    const component = reference.object('toolComponent').json('index');
    const rules = typeof component === 'number' && component >= 0 ? (extensions[component] ?? []) : driver;
    const index = result.json('ruleIndex') ?? reference.json('index');
    const placed = typeof index === 'number' && index >= 0 ? (rules[index] ?? null) : null;
    const id = result.text('ruleId') ?? reference.text('id') ?? placed?.hint('id') ?? null;
    if (id === null) {
      result.member('ruleId').fault('must name the rule');
      return { id: '', rule: null };
    }
    const placedId = placed?.hint('id') ?? null;
    if (placedId !== null && placedId !== id && !id.startsWith(`${placedId}/`)) {
      result.member('ruleId').fault(`is ${quoted(id)}, yet the rule at its index is ${quoted(placedId)}`);
    }
    return { id, rule: placed ?? byId.get(id) ?? byId.get(id.replace(/\/[^/]*$/, '')) ?? null };
  };
}
