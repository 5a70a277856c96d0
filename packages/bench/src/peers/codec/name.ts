/** The peer that the codec's process plays: it talks to nobody. */
export const CODEC_PEER = 'codec';
