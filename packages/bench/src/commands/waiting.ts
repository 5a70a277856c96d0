export { waiting as run } from '../scenarios/waiting';
export { showWaiting as show } from '../report/show';
