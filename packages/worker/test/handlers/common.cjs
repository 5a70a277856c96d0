/** @param {import('@majordomo/worker').WorkerRequest} request */
module.exports = ({ body }) => `CommonJS got ${body.text()}`;
