export { stream as run } from '../scenarios/stream';
export { showStream as show } from '../report/show';
