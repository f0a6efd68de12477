/** One fault in a document: where, as a path such as `subject[0].digest`, and what was expected there. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** What a parser of this room throws: every fault it found, not only the first. */
export class Malformed extends Error {
  override readonly name = 'Malformed';

  constructor(
    /** Which document is at fault; becomes the stable code `envelope_malformed`, `statement_malformed` and so on. */
    readonly document:
      | 'envelope'
      | 'statement'
      | 'bundle'
      | 'jws'
      | 'predicate'
      | 'trust_root'
      | 'index'
      | 'note'
      | 'note_key'
      | 'tlog_proof',
    readonly faults: readonly Fault[],
    options?: ErrorOptions,
  ) {
    super(
      faults.map((fault) => (fault.path === '' ? fault.message : `${fault.path}: ${fault.message}`)).join('; '),
      options,
    );
  }
}
