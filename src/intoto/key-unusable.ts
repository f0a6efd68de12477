/** Why a key cannot be used. The message is fit to be shown and never holds any part of what was handed in as a key. */
export class KeyUnusable extends Error {
  override readonly name = 'KeyUnusable';
  readonly code = 'key_unusable';
}
