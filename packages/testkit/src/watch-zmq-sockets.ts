import * as zmq from 'zeromq';

/** ZeroMQ sockets that were bound or connected while watched and are not closed. */
export interface ZmqSocketWatch {
  /** One line per open socket: type, and what it was first bound or connected to. */
  live(): string[];
  /** Puts the methods back. */
  stop(): void;
}

type Method = (this: zmq.Socket, endpoint: string) => unknown;

/** Watches the sockets made of this test file's `zeromq`: Node does not list them among its active resources. */
export function watchZmqSockets(): ZmqSocketWatch {
  const used = new Map<zmq.Socket, string>();
  const undo = socketClasses().flatMap(({ name: type, prototype }) =>
    ['bind', 'bindSync', 'connect'].map((name) => {
      const original = (prototype as unknown as Record<string, Method>)[name] as Method;
      const watched: Method = function (endpoint) {
        if (!used.has(this)) used.set(this, `ZeroMQ ${type} with ${name}('${endpoint}')`);
        return original.call(this, endpoint);
      };
      // On the class for the type: the methods that it inherits are native and cannot be replaced.
      Object.defineProperty(prototype, name, { value: watched, configurable: true });
      return () => Reflect.deleteProperty(prototype, name);
    }),
  );
  return {
    live: () => {
      for (const socket of used.keys()) if (socket.closed) used.delete(socket);
      return [...used.values()];
    },
    stop: () => {
      for (const one of undo) one();
      used.clear();
    },
  };
}

/** Dealer, Router, and all other types of socket. */
function socketClasses(): { name: string; prototype: zmq.Socket }[] {
  const isSocketClass = (value: unknown): value is { name: string; prototype: zmq.Socket } =>
    typeof value === 'function' && (value as { prototype: unknown }).prototype instanceof zmq.Socket;
  return (Object.values(zmq) as unknown[]).filter(isSocketClass);
}
