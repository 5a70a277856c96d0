export { oneway as run } from '../scenarios/oneway';
export { showOneWay as show } from '../report/show';
