module.exports = ({ body }) => `CommonJS got ${body.text()}`;
