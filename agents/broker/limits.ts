/** The limits of the embedded broker, in one place. */

export interface BrokerLimits {
  /** A frame announced longer than this ends its connection: before CONNACK, and after. */
  frameBytesBefore: number;
  frameBytesAfter: number;
  /** Unsent bytes of one reader from which QoS 0 is dropped for it. */
  backlogDropBytes: number;
  /** Unsent bytes from which a reader is cut at once; above `backlogDropBytes` it is cut after `backlogCutMs`. */
  backlogCutBytes: number;
  backlogCutMs: number;
  /** Replay of stored messages waits while more than this is unsent. */
  replayBacklogBytes: number;
  retainedBytesEach: number;
  retainedPerOwner: number;
  retainedMax: number;
  retainedBytesMax: number;
  /** Sockets that have not said CONNECT. */
  waitingMax: number;
  waitingPerAddress: number;
  /** Only a socket that has been silent for so long gives way to a new one. */
  waitingGraceMs: number;
  connectionsMax: number;
  connectTimeoutMs: number;
  keepAliveMaxS: number;
  messagesPerS: number;
  messagesBurst: number;
  /** Denied publishes of one connection in a minute; one more ends it. */
  deniedPerMinute: number;
  willBytes: number;
  topicBytes: number;
  /** The `$` of the library's own topics and seven levels below it. */
  topicLevels: number;
}

export const LIMITS: BrokerLimits = {
  frameBytesBefore: 16_384,
  frameBytesAfter: 262_144,
  backlogDropBytes: 1_048_576,
  backlogCutBytes: 8_388_608,
  backlogCutMs: 5_000,
  replayBacklogBytes: 262_144,
  retainedBytesEach: 98_304,
  retainedPerOwner: 2_000,
  retainedMax: 20_000,
  retainedBytesMax: 268_435_456,
  waitingMax: 512,
  waitingPerAddress: 256,
  waitingGraceMs: 250,
  connectionsMax: 10_000,
  connectTimeoutMs: 5_000,
  keepAliveMaxS: 120,
  messagesPerS: 10_000,
  messagesBurst: 20_000,
  deniedPerMinute: 20,
  willBytes: 4_096,
  topicBytes: 200,
  topicLevels: 8,
};
