import { z } from 'zod';

/** Where durable requests are kept. */
export type StoreChoice =
  { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };

const FIT = 'should be sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE';

/** `sqlite:FILE`, also as `sqlite:///FILE` with an absolute path, or the URL of a PostgreSQL database. */
export const storeText = z.string(FIT).transform((text, { addIssue }): StoreChoice => {
  if (/^postgres(?:ql)?:\/\/./.test(text)) return { kind: 'postgres', url: text };
  const [, file = ''] = /^sqlite:(?:\/\/(?=\/))?(?!\/\/)(.+)$/s.exec(text) ?? [];
  if (file !== '') return { kind: 'sqlite', file };
  addIssue({ code: 'custom', message: FIT });
  return z.NEVER;
});

/** A choice as one writes it, the password left out. */
export function storeName(store: StoreChoice): string {
  return store.kind === 'sqlite' ? `sqlite:${store.file}` : withoutPassword(store.url);
}

/** URLs in a text without who logs in there, and with which password. */
export function withoutPassword(text: string): string {
  return text.replace(/:\/\/[^/\s"]*@/g, '://***@');
}

/** Where `up` keeps requests unless somebody says otherwise: in the folder that it is run in. */
export const DEFAULT_STORE: StoreChoice = Object.freeze({ kind: 'sqlite', file: 'majordomo.db' });
