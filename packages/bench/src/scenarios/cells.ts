/** One point of the comparison: so many calls in flight, of so many bytes. */
export interface Cell {
  readonly inFlight: number;
  readonly bytes: number;
}

/** The name of a cell in results, such as `1000x100`: in flight, then bytes. */
export function cellKey({ inFlight, bytes }: Cell): string {
  return `${inFlight}x${bytes}`;
}

const SIZES = { small: 100, kib: 1_024, large: 65_536 } as const;

/** The cells of a full run. */
export const FULL_CELLS: readonly Cell[] = [1, 10, 100, 1_000].flatMap((inFlight) =>
  Object.values(SIZES).map((bytes) => ({ inFlight, bytes })),
);

/** Those of `--quick`: the ones that there are targets for. */
export const QUICK_CELLS: readonly Cell[] = [
  { inFlight: 1, bytes: SIZES.small },
  { inFlight: 100, bytes: SIZES.small },
  { inFlight: 1_000, bytes: SIZES.small },
  { inFlight: 1_000, bytes: SIZES.kib },
  { inFlight: 100, bytes: SIZES.large },
];

/** The cells to run: every number in flight with every size, where either is given. */
export function cellsOf(
  quick: boolean,
  inFlight: readonly number[] | undefined,
  sizes: readonly number[] | undefined,
): readonly Cell[] {
  const all = quick ? QUICK_CELLS : FULL_CELLS;
  if (!inFlight && !sizes) return all;
  const distinct = (values: readonly number[]): number[] => [...new Set(values)];
  const flights = inFlight ?? distinct(all.map((cell) => cell.inFlight));
  return flights.flatMap((count) =>
    (sizes ?? distinct(all.map((cell) => cell.bytes))).map((bytes) => ({ inFlight: count, bytes })),
  );
}
