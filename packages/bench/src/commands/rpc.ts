export { rpc as run } from '../scenarios/rpc';
export { showRpc as show } from '../report/rpc-tables';
