Object.defineProperty(exports, '__esModule', { value: true });
/** @param {import('@majordomo/worker').WorkerRequest} request */
exports.default = ({ body }) => `compiled got ${body.text()}`;
