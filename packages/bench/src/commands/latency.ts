export { latency as run } from '../scenarios/latency';
export { showLatency as show } from '../report/show';
