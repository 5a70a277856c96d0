import type { TopLevelSpec } from 'vega-lite';
import { PEERS } from '../peers/peers';

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json';
const WIDTH = 560;
const HEIGHT = 300;
const BAR_HEIGHT = 18;
/** Vega's own ten colours for categories. */
const TABLEAU_10 = [
  '#4c78a8',
  '#f58518',
  '#e45756',
  '#72b7b2',
  '#54a24b',
  '#eeca3b',
  '#b279a2',
  '#ff9da6',
  '#9d755d',
  '#bab0ac',
];
const LOOKS = { background: 'white', config: { font: 'sans-serif' } } as const;

/** Lines over a logarithmic axis, a colour per peer. */
export function lineChart({
  x,
  y,
  data,
  linear = false,
}: {
  /** Titles of the axes. */
  readonly x: string;
  readonly y: string;
  readonly data: readonly { readonly x: number; readonly y: number; readonly colour: string }[];
  /** Where the axes are plain numbers from 0. */
  readonly linear?: boolean;
}): TopLevelSpec {
  const scale = linear ? ({ type: 'linear', zero: true } as const) : ({ type: 'log' } as const);
  return {
    $schema: SCHEMA,
    ...LOOKS,
    width: WIDTH,
    height: HEIGHT,
    data: { values: positive(data, linear) },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: x, scale },
      y: { field: 'y', type: 'quantitative', title: y, scale },
      color: { field: 'colour', type: 'nominal', title: null, scale: colours(data) },
    },
  };
}

/** Horizontal bars in the order of the data. */
export function barChart({
  x,
  y,
  data,
}: {
  readonly x: string;
  readonly y: string;
  readonly data: readonly { readonly x: number; readonly y: string; readonly colour: string }[];
}): TopLevelSpec {
  return {
    $schema: SCHEMA,
    ...LOOKS,
    width: WIDTH,
    height: { step: BAR_HEIGHT },
    data: { values: [...data] },
    mark: 'bar',
    encoding: {
      x: { field: 'x', type: 'quantitative', title: x },
      y: { field: 'y', type: 'nominal', title: y, sort: null, axis: { labelLimit: 260 } },
      color: { field: 'colour', type: 'nominal', legend: null, scale: colours(data) },
    },
  };
}

/** A logarithm has no place for zero. */
function positive<Point extends { readonly x: number; readonly y: number }>(
  data: readonly Point[],
  linear: boolean,
): Point[] {
  return data.filter(({ x, y }) => linear || (x > 0 && y > 0));
}

/** What is shown, in the order of the data, each in its own colour: a peer has the same in all charts. */
function colours(data: readonly { readonly colour: string }[]): { domain: string[]; range: string[] } {
  const titles = Object.values(PEERS).map(({ title }) => title);
  const domain = [...new Set(data.map(({ colour }) => colour))];
  const range = domain.map((shown, at) => {
    const peer = titles.indexOf(shown);
    return TABLEAU_10[(peer < 0 ? at : peer) % TABLEAU_10.length]!;
  });
  return { domain, range };
}
