/** NUL, which PostgreSQL holds in no text, and halves of surrogate pairs, which are lost on the way into UTF-8. */
const NOT_STORABLE = /[\0\p{Cs}]/u;

/** True for text that every store gives back as it was. */
export function isStorable(text: string): boolean {
  return !NOT_STORABLE.test(text);
}
