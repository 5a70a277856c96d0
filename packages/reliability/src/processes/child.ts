/** A part that plays. */
export interface Playing<Told> {
  /** Where the others find it, if they have to. */
  readonly endpoint?: string;
  readonly hear?: (told: Told) => void;
  /** Ends it in good order; nothing it started is left when this resolves. */
  readonly end: () => Promise<void>;
}

/**
 * Plays the part that the one argument of this process describes, and says that it is ready. SIGTERM ends it in good
 * order.
 */
export async function playPart<Params, Said, Told>(
  play: (params: Params, say: (said: Said) => void) => Promise<Playing<Told>> | Playing<Told>,
): Promise<void> {
  const params = JSON.parse(process.argv[2] ?? '{}') as Params;
  const say = (said: Said | { readonly kind: 'ready'; readonly endpoint?: string }): void => {
    // The channel may break in the very moment in which the parent dies.
    if (process.connected) process.send?.(said, () => undefined);
  };
  // A Ctrl-C in a terminal reaches every process of the group; the parent sees to its children.
  process.on('SIGINT', () => undefined);
  // Without a parent there is nothing to play for.
  process.once('disconnect', () => process.exit(1));
  let ended: Promise<void> | undefined;
  const playing = Promise.resolve(play(params, say));
  process.on('SIGTERM', () => {
    ended ??= playing.then(async (part) => {
      await part.end();
      process.removeAllListeners('disconnect');
      // Nothing else may keep this process: it is to end by itself, with code 0.
      if (process.connected) process.disconnect();
    });
  });
  const part = await playing;
  process.on('message', (told: Told) => part.hear?.(told));
  say({ kind: 'ready', ...(part.endpoint === undefined ? {} : { endpoint: part.endpoint }) });
}
