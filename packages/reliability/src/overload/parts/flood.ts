import { Client } from '@majordomo/client';
import { isMajordomoError } from '@majordomo/protocol';
import { Latencies } from '../latencies';
import { RawConnection } from '../zmtp';
import { Tally, type FloodStats, type PartParams, type Playing } from './part';

/** How often what is due is sent, in ms. */
const TURN_MS = 5;

/** Offers requests at a rate, whether they are answered or not. */
export async function playFlood(params: PartParams & { part: 'flood' }): Promise<Playing<FloodStats>> {
  const { endpoint, service, perSecond, bytes, dialect } = params;
  const refused = new Latencies();
  const failures = new Tally();
  const body = new Uint8Array(bytes);
  let offered = 0;
  let answered = 0;
  const offer = dialect === 'packed' ? offerPacked() : await offerPlain();

  function offerPacked(): (count: number) => void {
    const client = new Client({
      brokers: endpoint,
      protocol: 'packed',
      pendingMax: 1_000_000,
      timeoutMs: 60_000,
    });
    const call = async (): Promise<void> => {
      const startedAt = performance.now();
      try {
        await client.request(service, body);
        answered++;
      } catch (error) {
        const code = isMajordomoError(error) ? error.code : String(error);
        if (code === 'QUEUE_FULL') refused.add(performance.now() - startedAt);
        failures.add(code);
      }
    };
    return (count) => {
      for (let n = 0; n < count; n++) void call();
    };
  }

  async function offerPlain(): Promise<(count: number) => void> {
    const connection = await RawConnection.open(endpoint, () => answered++);
    return (count) => {
      for (let n = 0; n < count; n++) connection.send('MDPC02', '\x01', service, body);
    };
  }

  const startedAt = performance.now();
  let sent = 0;
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000) - sent;
    sent += due;
    offered += due;
    offer(due);
  }, TURN_MS);
  return {
    stats: () => {
      const stats = { offered, answered, refused: refused.take(), failures: failures.take() };
      offered = 0;
      answered = 0;
      return stats;
    },
  };
}
