import { defineService, implement } from '@majordomo/contracts';
import { leakCheck } from '@majordomo/testkit';
import { z } from 'zod';
import { sweep } from './support/scratch';
import { closeAll, newBroker, newTitanic, newWorker } from './support/service';

leakCheck();
afterEach(closeAll);
afterEach(sweep);

const PATIENCE = { timeoutMs: 15_000 };

describe.each(['json', 'msgpack'] as const)('a contract in %s', (encoding) => {
  const order = defineService({
    name: 'order',
    encoding,
    request: z.object({ sku: z.string() }),
    reply: z.object({ id: z.string().transform((text) => text.length) }),
    errors: { GONE: z.object({ since: z.int() }) },
  });

  test('is asked durably by what it writes, and its kept reply is read by it', async () => {
    const endpoint = await newBroker();
    const { api } = await newTitanic(endpoint);
    const contentTypes: unknown[] = [];
    const handler = implement(order, ({ sku }, { request }) => {
      contentTypes.push(request.contentType);
      if (sku === 'old') throw order.error('GONE', { since: 1999 });
      return { id: sku };
    });
    await newWorker('order', handler, { brokers: endpoint });
    const submit = async (sku: string) => {
      const { contentType } = order;
      return (await api.submit(order.name, await order.encodeRequest({ sku }), { contentType })).id;
    };
    const id = await submit('four');
    expect(await order.decodeReply(await api.wait(id, PATIENCE), undefined)).toMatchObject({
      reply: { id: 4 },
    });
    expect((await api.result(id)).status.replyType).toBe(order.contentType);
    // What the contract has the service fail with is a failure here, too: no attempt would mend it.
    const dead = await submit('old');
    await expect(api.wait(dead, PATIENCE)).rejects.toMatchObject({
      code: 'REQUEST_DEAD',
      message: expect.stringContaining('after 1 attempts. GONE: GONE\n{"since":1999}'),
    });
    expect(contentTypes).toEqual([order.contentType, order.contentType]);
  });
});
