export { durable as run } from '../scenarios/durable';
export { showDurable as show } from '../report/show';
