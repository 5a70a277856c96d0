const SVG = 'http://www.w3.org/2000/svg';
/** Seconds that a line shows. */
export const SPARK_SECONDS = 60;
const HEIGHT = 20;

/** A line of the last minute; drawn while it can be seen, and hidden from screen readers: the number stands beside it. */
export class Spark {
  readonly element = document.createElementNS(SVG, 'svg');
  readonly #line = document.createElementNS(SVG, 'polyline');
  readonly #area = document.createElementNS(SVG, 'polygon');
  #drawn = '';

  constructor() {
    const { element } = this;
    element.setAttribute('viewBox', `0 0 ${SPARK_SECONDS - 1} ${HEIGHT}`);
    element.setAttribute('preserveAspectRatio', 'none');
    element.setAttribute('class', 'spark');
    element.setAttribute('aria-hidden', 'true');
    element.append(this.#area, this.#line);
  }

  draw(values: readonly number[]): void {
    const points = pointsOf(values);
    if (points === this.#drawn) return;
    this.#drawn = points;
    this.#line.setAttribute('points', points);
    const from = SPARK_SECONDS - Math.min(SPARK_SECONDS, values.length);
    this.#area.setAttribute('points', points && `${from},${HEIGHT} ${points} ${SPARK_SECONDS - 1},${HEIGHT}`);
  }
}

/** The latest value stands at the right edge, the largest one at the top. */
function pointsOf(values: readonly number[]): string {
  const shown = values.slice(-SPARK_SECONDS);
  const most = Math.max(...shown, Number.MIN_VALUE);
  const first = SPARK_SECONDS - shown.length;
  return shown
    .map((value, n) => `${first + n},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`)
    .join(' ');
}
