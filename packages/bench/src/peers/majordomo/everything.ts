import { inOneProcess } from '../in-one-process';
import { start as startBroker } from './broker';
import { start as startClient } from './client';
import { start as startWorker } from './worker';

export const start = inOneProcess(startBroker, startWorker, startClient);
