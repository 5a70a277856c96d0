import { DealerLink, RouterLink } from '@majordomo/transport';

const router = new RouterLink(
  {
    frameBytesMax: 1 << 20,
    highWaterMark: 1_000,
    highWaterBytes: 16 << 20,
    backlogMessagesMax: 100,
    backlogBytesMax: 1 << 20,
    backlogTotalBytesMax: 1 << 26,
    stallMs: 30_000,
    lingerMs: 100,
  },
  {
    message: (peer, frames) => router.send(peer, frames),
    connectionChanged: () => undefined,
    peerGone: () => undefined,
    failed: (error) => console.error(error),
  },
);
const endpoint = await router.bind('tcp://127.0.0.1:0');
router.receive();

const echoed = await new Promise((resolve, reject) => {
  const dealer = new DealerLink(
    endpoint,
    { frameBytesMax: 1 << 20, connectTimeoutMs: 10_000 },
    {
      opened: () => dealer.send([new TextEncoder().encode('hello')]),
      message: ([frame]) => {
        resolve(new TextDecoder().decode(frame));
        dealer.close();
      },
      closed: (reason) => reject(new Error(reason)),
    },
  );
});
await router.close();
if (echoed !== 'hello') throw new Error(`the echo of "hello" was "${echoed}"`);
