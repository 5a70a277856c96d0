export { open as run } from '../scenarios/open';
export { showOpen as show } from '../report/show';
