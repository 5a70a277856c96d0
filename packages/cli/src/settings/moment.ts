import { z } from 'zod';

const EXAMPLE = '2026-12-24T18:00:00+01:00 or 2026-12-24T17:00Z';

const MOMENT = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?(.*)$/i;

const exact = z.iso.datetime({ offset: true });

/** A point in time, `2026-12-24T18:00+01:00`, in ms since 1970; one without an offset is refused: whose time would it be? */
export const momentText = z.string().transform((text, { addIssue }) => {
  const [, date = '', time = '', seconds = ':00', offset = ''] = MOMENT.exec(text.trim()) ?? [];
  const normal = exact.safeParse(`${date}T${time}${seconds}${offset.toUpperCase()}`);
  if (normal.success) return Date.parse(normal.data);
  const message =
    date !== '' && offset === ''
      ? 'should end with Z or an offset such as +01:00, for nobody knows otherwise whose time it is'
      : `should be a date, a time and an offset, such as ${EXAMPLE}`;
  addIssue({ code: 'custom', message });
  return z.NEVER;
});
