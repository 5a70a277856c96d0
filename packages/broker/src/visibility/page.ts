import { createHash } from 'node:crypto';
import html from './dashboard/index.html?text';
import script from './dashboard/main.ts?text';
import style from './dashboard/style.css?text';

/** The dashboard: one page with everything in it, and the hashes by which a browser knows script and style for ours. */
export interface Page {
  readonly html: string;
  /** `sha256-…`, for the Content-Security-Policy. */
  readonly scriptHash: string;
  readonly styleHash: string;
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

export function newPage(): Page {
  // What ends an element would end it inside a text of the script, too.
  const safe = script.replaceAll('</script', String.raw`<\/script`);
  return {
    html: html
      .replace('<style id="style"></style>', () => `<style>${style}</style>`)
      .replace('<script type="module" id="script"></script>', () => `<script type="module">${safe}</script>`),
    scriptHash: hashOf(safe),
    styleHash: hashOf(style),
  };
}
