/** The service that echoes. */
export const ECHO = 'echo';

/** What is kept and not done is due in so long, in ms: a day. */
export const LATER_MS = 86_400_000;
