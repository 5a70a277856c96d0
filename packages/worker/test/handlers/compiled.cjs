Object.defineProperty(exports, '__esModule', { value: true });
exports.default = ({ body }) => `compiled got ${body.text()}`;
