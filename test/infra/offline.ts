import { Socket } from 'node:net';

/** Preloaded into a process (`node --import`), it makes every connection an error: what still works, works offline. */
Socket.prototype.connect = function connect(): never {
  throw new Error('this process is offline');
};
