/** Why a connection has to end. */
export interface Ending {
  /** True where the other side sent what has no place: it is told of, and the connection closed. */
  readonly refused: boolean;
  readonly reason: string;
  /** True where the other side does not allow this session. */
  readonly unauthorized?: boolean;
}

/** The other side sent what has no place. */
export const refuse = (reason: string): Ending => ({ refused: true, reason });
/** The other side is gone, or goes. */
export const lose = (reason: string): Ending => ({ refused: false, reason });
/** The other side does not allow it. */
export const denied = (reason: string): Ending => ({ refused: false, reason, unauthorized: true });
