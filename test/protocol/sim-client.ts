/** Callers and readers of the simulated network: the pure call machine and the rule of the newest. */
import { type Call, type CallEvent, callStep, newCall } from '../../protocol/call.ts';
import { Reply } from '../../protocol/envelope.ts';
import { behind, isNewer } from '../../protocol/newest.ts';
import { topicOf } from '../../protocol/topics.ts';
import { AGENT, type Plant, ROOT } from './sim-agent.ts';
import type { Network, OpState, SimMessage } from './sim-network.ts';

export interface CallPlan {
  atMs: number;
  ttlMs: number;
  /** Names a session, so that it is harmless to repeat; or not. */
  session: boolean;
}

export interface CallRecord {
  id: string;
  /** What the agents' journal calls its effect. */
  key: string;
  user: string;
  client: string;
  ttlMs: number;
  firstSentMs: number | undefined;
  /** How often it ended. */
  ends: number;
  code: number | undefined;
}

interface Given {
  net: Network;
  who: number;
  user: string;
  clockOffS: number;
  plant: Plant | undefined;
}

interface Open {
  call: Call;
  text: string;
  kind: 'read' | 'operate';
  record: CallRecord;
  onReply: (reply: Reply) => void;
  timer: number;
}

/** Calls `pulse` as planned; where it has heard no beat it pings first. */
export function simCaller({ net, who, user, clockOffS }: Given, plans: readonly CallPlan[]): { records: CallRecord[] } {
  const client = `c${who}`;
  const records: CallRecord[] = [];
  const open = new Map<string, Open>();
  let known: { g: number; k: number } | undefined;
  let ready = false;
  const port = net.port(who, {
    onUp: () =>
      net.subscribe(port, [`${ROOT}/replies/${user}/${client}/+`, `${ROOT}/agents/+/heartbeat`], () => {
        ready = true;
        for (const it of open.values()) step(it, { type: 'bus', up: true });
      }),
    onLost: () => {
      ready = false;
      for (const it of open.values()) step(it, { type: 'bus', up: false });
      net.connect(port);
    },
    onMessage: ({ body }: SimMessage) => {
      if (body.kind === 'beat') {
        if (!known || isNewer({ g: body.beat.g, n: body.beat.k }, { g: known.g, n: known.k }))
          known = { g: body.beat.g, k: body.beat.k };
      } else if (body.kind === 'bytes') {
        const reply = Reply.parse(JSON.parse(body.text));
        const it = open.get(reply.id);
        if (it) step(it, { type: 'reply', reply });
      }
    },
  });

  function step(it: Open, event: CallEvent<Reply>): void {
    const { call, act, wakeAtMs } = callStep(it.call, event, net.nowMs());
    it.call = call;
    const token = ++it.timer;
    if (wakeAtMs !== undefined)
      net.after(wakeAtMs - net.nowMs(), () => token === it.timer && step(it, { type: 'tick' }));
    if (act.send) {
      it.record.firstSentMs ??= net.nowMs();
      net.publish(port, {
        topic: topicOf(ROOT, { kind: 'request', agent: AGENT, class: it.kind, user }),
        retain: false,
        body: { kind: 'bytes', text: it.text },
      });
    }
    if (!act.done) return;
    open.delete(call.id);
    it.record.ends++;
    if (!('reply' in act.done)) return;
    it.record.code = act.done.reply.code;
    it.onReply(act.done.reply);
  }
  function begin(kind: Open['kind'], fields: object, record: CallRecord, onReply: Open['onReply']): void {
    const text = JSON.stringify({
      id: record.id,
      client,
      ttl_ms: record.ttlMs,
      sent: 1_800_000_000 + clockOffS + net.nowMs() / 1_000,
      ...fields,
    });
    const call = newCall({ id: record.id, ttlMs: record.ttlMs, startedMs: net.nowMs(), random: net.random });
    const it: Open = { call, text, kind, record, onReply, timer: 0 };
    open.set(record.id, it);
    step(it, { type: 'tick' });
  }
  const recordOf = (id: string, key: string, ttlMs: number): CallRecord => ({
    id,
    key,
    user,
    client,
    ttlMs,
    firstSentMs: undefined,
    ends: 0,
    code: undefined,
  });

  function start(i: number, { session, ttlMs }: CallPlan, pinged: boolean): void {
    // Nothing is sent while disconnected: the call fails at once.
    if (!ready) return;
    const id = `${who}-${i}`;
    if (!known) {
      if (pinged) return;
      return begin('read', { method: 'ping' }, recordOf(`${id}-ping`, '', 3_000), ({ value }) => {
        if (isGk(value)) known ??= value;
        start(i, { atMs: 0, session, ttlMs }, true);
      });
    }
    const key = session ? `S${id}` : id;
    const record = recordOf(id, key, ttlMs);
    records.push(record);
    const named = session ? { session: key } : {};
    begin(
      'operate',
      { method: 'start', op: 'pulse', ...named, g: known.g, beat: known.k, note: 'victim' },
      record,
      () => {},
    );
  }
  for (const [i, plan] of plans.entries()) net.after(plan.atMs, () => start(i, plan, false));
  net.connect(port);
  return { records };
}

export interface SimReader {
  held: () => OpState | undefined;
  changedMs: () => number;
  /** Connected and subscribed since. */
  upSinceMs: () => number;
  fallen: () => string[];
}

/** Keeps the newest state of the operation; asks for it where a beat is ahead. */
export function simReader({ net, who, user, plant }: Given): SimReader {
  const topic = 'op/pulse';
  const held = new Map<string, OpState>();
  const fallen: string[] = [];
  let changedMs = 0;
  let upSinceMs = 0;
  let asked = 0;
  const take = (state: OpState): void => {
    const before = held.get(topic);
    if (plant !== 'takes-anything' && !isNewer(state, before)) return;
    if (before && (state.g < before.g || (state.g === before.g && state.n < before.n))) {
      fallen.push(`${before.g}/${before.n} then ${state.g}/${state.n}`);
    }
    held.set(topic, state);
    changedMs = net.nowMs();
  };
  const port = net.port(who, {
    onUp: () =>
      net.subscribe(
        port,
        [`${ROOT}/replies/${user}/rd/+`, `${ROOT}/agents/+/op/+`, `${ROOT}/agents/+/heartbeat`],
        () => {
          upSinceMs = net.nowMs();
        },
      ),
    onLost: () => net.connect(port),
    onMessage: ({ body }) => {
      if (body.kind === 'op') take(body.op);
      else if (body.kind === 'bytes') {
        const { value } = Reply.parse(JSON.parse(body.text));
        if (isOpState(value)) take(value);
      } else if (body.kind === 'beat' && plant !== 'no-marks' && behind(held, body.beat).length > 0) {
        const text = JSON.stringify({ id: `${who}-${asked++}`, client: 'rd', method: 'status', op: 'pulse' });
        net.publish(port, {
          topic: topicOf(ROOT, { kind: 'request', agent: AGENT, class: 'read', user }),
          retain: false,
          body: { kind: 'bytes', text },
        });
      }
    },
  });
  net.connect(port);
  return { held: () => held.get(topic), changedMs: () => changedMs, upSinceMs: () => upSinceMs, fallen: () => fallen };
}

const isGk = (value: unknown): value is { g: number; k: number } =>
  typeof value === 'object' && value !== null && 'g' in value && 'k' in value;
const isOpState = (value: unknown): value is OpState =>
  typeof value === 'object' && value !== null && 'n' in value && 'value' in value;
