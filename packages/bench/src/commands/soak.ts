export { soak as run } from '../scenarios/soak';
export { showSoak as show } from '../report/show';
