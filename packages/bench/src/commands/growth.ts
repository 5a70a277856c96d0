export { growth as run } from '../scenarios/growth';
export { showGrowth as show } from '../report/show';
