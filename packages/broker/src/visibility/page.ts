import { createHash } from 'node:crypto';
import durableHtml from './dashboard/durable.html?text';
import durableScript from './dashboard/durable-main.ts?text';
import html from './dashboard/index.html?text';
import script from './dashboard/main.ts?text';
import style from './dashboard/style.css?text';

/** A page of the dashboard with everything in it, and the hashes by which a browser knows script and style for ours. */
export interface Page {
  readonly html: string;
  /** `sha256-…`, for the Content-Security-Policy. */
  readonly scriptHash: string;
  readonly styleHash: string;
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** The page of the broker. @param hasDurable - true where there is one of durable work, too */
export function newPage(hasDurable: boolean): Page {
  return pageOf(hasDurable ? html : html.replace(/\n *<nav[^]*?<\/nav>/, ''), script);
}

/** The page of durable work. */
export function newDurablePage(): Page {
  return pageOf(durableHtml, durableScript);
}

function pageOf(html: string, script: string): Page {
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
