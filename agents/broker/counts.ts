/** What the broker counts of itself. */

export interface BrokerCounts {
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  /** QoS 0 not given to a reader that does not keep up. */
  dropped: number;
  /** Connections cut: slow readers, too long frames, too many denials. */
  cut: number;
  denied: number;
  /** CONNECTs and sockets turned away. */
  refused: number;
}

export const newCounts = (): BrokerCounts => ({
  messagesIn: 0,
  messagesOut: 0,
  bytesIn: 0,
  dropped: 0,
  cut: 0,
  denied: 0,
  refused: 0,
});
