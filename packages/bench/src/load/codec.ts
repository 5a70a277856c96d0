/** How much the codec is measured. */
export interface CodecLoad {
  readonly bytes: number;
  readonly measureMs: number;
}

/** One codec at one record: to frames and back. */
export interface CodecResult {
  readonly name: string;
  readonly perSecond: number;
  /** Bytes that one record, encoded and decoded, allocates: heap and array buffers. */
  readonly bytesAllocated: number;
}
