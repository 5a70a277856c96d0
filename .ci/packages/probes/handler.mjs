export default (/** @type {{ body: { text(): string } }} */ { body }) => body.text();
