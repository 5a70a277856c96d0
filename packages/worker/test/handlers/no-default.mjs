export const handler = () => 'nobody asks for this';
