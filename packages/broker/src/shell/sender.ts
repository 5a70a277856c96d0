import {
  HEARTBEAT,
  mdp01,
  mdp02,
  type BrokerToClient,
  type BrokerToWorker,
  type Dialect,
  type Frame,
  type PlainDialect,
} from '@majordomo/protocol';
import type { PeerKey } from '@majordomo/transport';
import type { Links } from './links';
import { PackedClientPeer, PackedPeers, PackedWorkerPeer } from './packed-peers';
import type { Turn } from './turn';

/** What is no packed peer of ours is one of the plain dialects. */
function plain(dialect: Dialect): PlainDialect {
  return dialect as PlainDialect;
}

/** What can be said to plain workers at any time, between large messages. */
const PLAIN_SPACERS = new Map<Dialect, readonly Frame[] | undefined>(
  [mdp01, mdp02].map((dialect) => [dialect, dialect.brokerToWorker.encode(HEARTBEAT)]),
);

/** What the core says, on its way to peers: packed ones get one message per turn, plain ones each command at once. */
export class Sender {
  /** The packed peers, each with what was said to it in this turn. */
  readonly packed = new PackedPeers((peer, frames, spacer) => this.#send(peer, frames, spacer));

  /** @param sent - is told of every message */
  constructor(
    private readonly links: Pick<Links, 'send'>,
    private readonly turn: Turn,
    private readonly sent: (frames: readonly Frame[]) => void,
  ) {}

  toWorker(peer: PeerKey, dialect: Dialect, command: BrokerToWorker): void {
    if (dialect instanceof PackedWorkerPeer) {
      dialect.say(command);
      this.turn.endLater();
      return;
    }
    const frames = plain(dialect).brokerToWorker.encode(command);
    if (frames) this.#send(peer, frames, PLAIN_SPACERS.get(dialect));
  }

  toClient(peer: PeerKey, dialect: Dialect, command: BrokerToClient): void {
    if (dialect instanceof PackedClientPeer) {
      dialect.say(command);
      this.turn.endLater();
      return;
    }
    const frames = plain(dialect).brokerToClient.encode(command);
    if (frames) this.#send(peer, frames);
  }

  #send(peer: PeerKey, frames: readonly Frame[], spacer?: readonly Frame[]): void {
    this.sent(frames);
    this.links.send(peer, frames, spacer);
  }
}
