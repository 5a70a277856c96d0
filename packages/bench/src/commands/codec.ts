export { codec as run } from '../scenarios/codec';
export { showCodec as show } from '../report/show';
