/** What can be wrong with what a decoder did. */
export type FindingKind =
  'threw' | 'bad_result' | 'schema' | 'encoding' | 'difference' | 'refused_valid' | 'slow' | 'memory';

/** Something that a decoder must not do. */
export class Finding extends Error {
  override name = 'Finding';

  /** @param message - which of the talk's messages it was, from 0 */
  constructor(
    readonly kind: FindingKind,
    detail: string,
    readonly messageIndex: number,
    options?: ErrorOptions,
  ) {
    super(`${kind}: ${detail}`, options);
  }
}

/** What to say of anything thrown. */
export function explain(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
