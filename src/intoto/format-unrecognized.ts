/** What a document is that has the structure of none of the formats read here. The message says what was expected. */
export class FormatUnrecognized extends Error {
  override readonly name = 'FormatUnrecognized';
  readonly code = 'format_unrecognized';
}
