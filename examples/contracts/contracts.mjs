// One contract, for whoever asks and whoever answers. Python has no need of it: it keeps to the JSON that it describes,
// which `majordomo contract snapshot contracts.mjs` prints as JSON Schema.
import { defineService } from '@majordomo/contracts';
import { z } from 'zod';

const line = z.object({ sku: z.string().min(1), quantity: z.int().positive().default(1) });

/** What an order costs, by the prices of a shop. */
export const price = defineService({
  name: 'price',
  request: z.object({ lines: z.array(line).min(1) }),
  reply: z.object({ cents: z.int(), validUntil: z.iso.datetime().transform((text) => new Date(text)) }),
  errors: { UNKNOWN_SKU: z.object({ sku: z.string() }) },
});

/** The same, told line by line. */
export const priceList = defineService({
  name: 'price.list',
  request: z.object({ skus: z.array(z.string()) }),
  progress: z.object({ sku: z.string(), cents: z.int() }),
  reply: z.object({ count: z.int() }),
});
