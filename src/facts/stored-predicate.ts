import type { Json } from './fact.js';

/** A predicate as it stands in a verified payload, or why it can no longer be read. */
export type StoredPredicate =
  | { readonly state: 'stored'; readonly predicate: Json }
  /** Retention dropped every envelope that says it. */
  | { readonly state: 'dropped'; readonly at: Date; readonly rule: string };
