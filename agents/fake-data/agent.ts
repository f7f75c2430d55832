/** `FakeDataAgent`: noisy temperatures from nowhere, for trying out a site without hardware (framework §11). */
import { agent, z } from '../../framework/cupola.ts';
import { type Walk, openWalk } from './walk.ts';

const kelvin = z.number().nullable().meta({ unit: 'K', precision: 4 });

export const Settings = z.object({
  mode: z.enum(['idle', 'acq']).default('idle').meta({ description: 'acq: both processes start with the agent' }),
  numChannels: z.int().min(1).max(1_000).default(2),
  sampleRate: z.number().positive().max(1_000).default(9.5).meta({ unit: 'Hz' }),
  frameLength: z.number().positive().default(60).meta({ unit: 's', description: 'length of a frame for recorders' }),
  noise: z.number().min(0).default(0.01).meta({ unit: 'K' }),
  drift: z.number().min(0).default(0.001).meta({ unit: 'K' }),
  seed: z.int().default(1),
});

/** A block that fell behind by more is dropped, and told. */
const BEHIND_S_MAX = 3;

export const fakeData = agent(
  'FakeDataAgent',
  Settings,
  ({ settings, clock, feed, task, process, setHeartbeat }) => {
    const { mode, numChannels, sampleRate } = settings;
    const names = Array.from({ length: numChannels }, (_, i) => `channel_${String(i).padStart(2, '0')}`);
    const false_temperatures = feed('false_temperatures', Object.fromEntries(names.map((name) => [name, kelvin])), {
      description: 'Random walk with 1/f noise, one value per channel',
    });
    const walks: Walk[] = names.map((_, i) =>
      openWalk({ seed: settings.seed * 1_009 + i, noise: settings.noise, drift: settings.drift }),
    );

    /** The samples due between two moments, exact in time: sample k lies at k / rate. */
    const block = (fromK: number, toK: number, startS: number) => {
      const ts = Array.from({ length: toK - fromK }, (_, i) => startS + (fromK + i) / sampleRate);
      const columns = names.map((name, i) => [name, ts.map(() => walks[i]?.next() ?? null)] as const);
      false_temperatures.publish({ ...Object.fromEntries(columns), ts });
      return {
        fields: Object.fromEntries(columns.map(([name, column]) => [name, column.at(-1) ?? null])),
        timestamp: ts.at(-1) ?? startS,
      };
    };

    /**
     * **Process** `acq`: publish each second the samples that are due, until stopped.
     *
     * params        test_mode (false): one block, then the end; degradation_period (null) s: degraded on and off by turns
     * session.data  { fields: { channel_00: 273.1, … } in K, timestamp: Unix s }
     * feed          `false_temperatures`
     */
    const acq = process('acq', {
      description: 'Publish the samples that are due, once a second',
      params: z.object({
        test_mode: z.boolean().default(false).meta({ description: 'one block, then the end' }),
        degradation_period: z
          .number()
          .positive()
          .nullable()
          .default(null)
          .meta({ unit: 's', description: 'degraded on and off by turns' }),
      }),
      autostart: mode === 'acq',
      async run(session, { test_mode, degradation_period }) {
        const startS = clock.nowMs() / 1_000;
        const startMs = clock.monotonicMs();
        const elapsedS = () => (clock.monotonicMs() - startMs) / 1_000;
        let sent = 0;
        do {
          await session.sleep(Math.max(0, (Math.floor(elapsedS()) + 1 - elapsedS()) * 1_000));
          const due = Math.floor(elapsedS() * sampleRate) + 1;
          if (elapsedS() - sent / sampleRate > BEHIND_S_MAX) {
            const kept = Math.max(sent, due - Math.ceil(sampleRate));
            if (kept > sent) session.message(`Dropped ${kept - sent} samples: ${BEHIND_S_MAX} s behind.`);
            sent = kept;
          }
          if (due > sent) session.data = block(sent, due, startS);
          sent = due;
          if (degradation_period !== null) {
            session.degraded(
              Math.floor(elapsedS() / degradation_period) % 2 === 1 && 'asked for by degradation_period',
            );
          }
        } while (session.running && !test_mode);
        return 'Acquisition exited cleanly.';
      },
    });

    /**
     * **Process** `count`: count the seconds.
     *
     * session.data  { counter: 12, last_update: Unix s }
     */
    const count = process('count', {
      description: 'Count the seconds',
      autostart: mode === 'acq',
      async run(session) {
        for (let counter = 0; session.running; counter++) {
          session.data = { counter, last_update: clock.nowMs() / 1_000 };
          await session.sleep(1_000);
        }
        return 'Counting exited cleanly.';
      },
    });

    /**
     * **Task** `delay_task`: take its time.
     *
     * params        delay 0.. (5) s; succeed (true): how it ends
     * session.data  { requested_delay, delay_so_far } in s
     */
    const delay_task = task('delay_task', {
      description: 'Take its time, then succeed or fail as asked',
      params: z.object({
        delay: z.number().min(0).max(86_400).default(5).meta({ unit: 's' }),
        succeed: z.boolean().default(true),
      }),
      abortable: true,
      async run(session, { delay, succeed }) {
        const startMs = clock.monotonicMs();
        const soFar = () => Math.min(delay, (clock.monotonicMs() - startMs) / 1_000);
        while (session.running && soFar() < delay) {
          session.data = { requested_delay: delay, delay_so_far: soFar() };
          session.progress(soFar() / delay, `${soFar().toFixed(1)} of ${delay} s`, delay - soFar());
          await session.sleep(Math.min(500, (delay - soFar()) * 1_000));
        }
        session.data = { requested_delay: delay, delay_so_far: soFar() };
        if (!session.running) return session.failed(`Aborted after ${soFar().toFixed(1)} seconds`);
        session.progress(1);
        const text = `Exited after ${soFar().toFixed(1)} seconds`;
        return succeed ? text : session.failed(text);
      },
    });

    /** **Task** `set_heartbeat`: heartbeats on the bus on or off (`heartbeat`, true). */
    const set_heartbeat = task('set_heartbeat', {
      description: 'Heartbeats on the bus on or off',
      params: z.object({ heartbeat: z.boolean().default(true) }),
      run(_session, { heartbeat }) {
        setHeartbeat(heartbeat);
        return `Heartbeat ${heartbeat ? 'on' : 'off'}`;
      },
    });
    return { acq, count, delay_task, set_heartbeat, false_temperatures };
  },
  { description: 'Noisy temperatures from nowhere, for trying out a site without hardware' },
);
