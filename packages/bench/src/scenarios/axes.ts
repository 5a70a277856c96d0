/**
 * What there is more and more of.
 * - `registered`: services with a worker each, while all requests go to one: what the broker's books cost;
 * - `services`: the same, and requests go round over all: fewer and fewer are together on one connection;
 * - `workers`: of one service;
 * - `clients`: sockets that requests go round over.
 */
export const AXES = ['registered', 'services', 'workers', 'clients'] as const;
export type Axis = (typeof AXES)[number];
