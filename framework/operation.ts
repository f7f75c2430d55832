/** What an agent declares of an operation, typed from its zod schema. */
import type * as z from 'zod';
import type { RequestClass } from '../protocol/topics.ts';
import type { ObjectSchema } from './params.ts';
import type { Failed, RunSession } from './session.ts';

/** What `run` may return: a closing text, nothing, or a failure. */
export type RunResult = string | void | Failed;

export interface OperationOptions<P extends ObjectSchema> {
  /** Strict: an unknown param is refused. None when left out. */
  params?: P;
  /** Shape of `session.data`, for people and proxies. */
  data?: z.ZodType;
  /** Least role for start, stop and abort (`operate`). */
  role?: RequestClass;
  title?: string;
  description?: string;
  /** A question that page and CLI ask before they start it. */
  confirm?: string;
  /** Started at commit, bus or no bus, as the agent itself: true, or its params. */
  autostart?: boolean | z.input<P>;
  /** Ended sessions that are kept (20). */
  history?: number;
  /** Bytes of `session.data` at most (256 KiB, up to 1 MiB). */
  dataBytesMax?: number;
  run(session: RunSession, params: z.output<P>): Promise<RunResult> | RunResult;
}

export interface TaskOptions<P extends ObjectSchema> extends OperationOptions<P> {
  /** `abort` is accepted and aborts `session.signal`. */
  abortable?: boolean;
  /** Run inside the request, one after another in order of arrival; the reply to `start` carries the finished session. */
  immediate?: boolean;
  /** It changes nothing that must not happen twice: its session ids are kept in memory only. */
  reads?: boolean;
}

/** One operation as the framework holds it. */
export interface Operation {
  name: string;
  type: 'task' | 'process';
  role: RequestClass;
  params: ObjectSchema | undefined;
  data: z.ZodType | undefined;
  title: string | undefined;
  description: string | undefined;
  confirm: string | undefined;
  abortable: boolean;
  immediate: boolean;
  /** Session ids go to the store before the effect. */
  durable: boolean;
  autostart: boolean | Record<string, unknown>;
  history: number;
  dataBytesMax: number;
  run(session: RunSession, params: Record<string, unknown>): Promise<RunResult> | RunResult;
}

/** Marker on what `task` and `process` return, so that a client knows the params. */
export interface OperationHandle<P extends ObjectSchema = ObjectSchema> {
  readonly kind: 'task' | 'process';
  readonly name: string;
  /** Never there at run time: carries the type. */
  readonly params?: z.input<P>;
}

const DATA_BYTES_DEFAULT = 262_144;
const DATA_BYTES_LIMIT = 1_048_576;
const HISTORY_DEFAULT = 20;

/** Make the operation from its declaration. */
export function operationOf<P extends ObjectSchema>(
  name: string,
  type: 'task' | 'process',
  options: TaskOptions<P>,
): Operation {
  const immediate = options.immediate ?? false;
  return {
    name,
    type,
    role: options.role ?? 'operate',
    params: options.params,
    data: options.data,
    title: options.title,
    description: options.description,
    confirm: options.confirm,
    abortable: type === 'process' || (options.abortable ?? false),
    immediate,
    durable: !immediate && !(options.reads ?? false),
    autostart: options.autostart ?? false,
    history: options.history ?? HISTORY_DEFAULT,
    dataBytesMax: Math.min(options.dataBytesMax ?? DATA_BYTES_DEFAULT, DATA_BYTES_LIMIT),
    // The params were read by the very schema that types them.
    run: (session, params) => options.run(session, params as z.output<P>),
  };
}
