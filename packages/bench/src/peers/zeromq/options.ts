/** No bound on messages in ZeroMQ's own queues, nothing kept after the end: the load is what bounds them. */
export const UNBOUNDED = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 };

/** ZeroMQ's own bounds, which push back on a sender that is faster than its receiver. */
export const BOUNDED_SENDS = { sendHighWaterMark: 1_000, linger: 0 };
export const BOUNDED_RECEIVES = { receiveHighWaterMark: 1_000, linger: 0 };
