import { PEER_NAMES } from './peers/peer-names';

/** The flags of all commands: as commander writes them, and what the help says. */
export const FLAGS = {
  quick: { notation: '--quick', help: 'fewer peers and cells, short measurements: done within a minute' },
  json: { notation: '--json', help: 'print one JSON object as the last line' },
  peers: { notation: '--peers <names>', help: `of ${PEER_NAMES.join(', ')}` },
  rounds: { notation: '--rounds <count>', help: 'how often everything is measured, in turn' },
  seconds: { notation: '--seconds <seconds>', help: 'how long one measurement takes' },
  inFlight: { notation: '--in-flight <counts>', help: 'calls without answer at one time, such as 1,100' },
  sizes: { notation: '--sizes <sizes>', help: 'bytes of a body, such as 100,1KiB' },
  requests: { notation: '--requests <count>', help: 'requests in all (soak), or messages (oneway)' },
  checkpoint: { notation: '--checkpoint <count>', help: 'requests after which memory is the yardstick' },
  max: { notation: '--max <count>', help: 'leave out the points of the curves beyond this' },
  from: { notation: '--from <file>', help: 'write the report from these results; run what they lack' },
  out: { notation: '--out <directory>', help: 'where the report goes; default: docs of the repository' },
} as const;

export type Flag = keyof typeof FLAGS;
