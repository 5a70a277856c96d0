/** Something that must not happen did. */
export class Violation extends Error {
  override name = 'Violation';

  /** @param check - the name of what was checked: the same for all that breaks the same rule */
  constructor(
    readonly check: string,
    readonly detail: string,
  ) {
    super(`${check}: ${detail}`);
  }
}
