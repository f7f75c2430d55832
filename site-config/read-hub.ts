/** The `hub` of the site config: root of the topics, brokers, access; and the same brokers as one host sees them. */
import * as z from 'zod';
import type { Finding, Severity } from './complaint.ts';
import { type MapNode, type YamlNode, childOf, isNull, pairOf } from './node.ts';
import { type ShapeContext, shapeOf, unknownKeyFinding } from './shape.ts';
import type { Access, Mqtt } from './site.ts';

const URL_FORM =
  /^(?:mqtts?|wss?):\/\/(?:[^\s/?#@]*@)?(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::\d{1,5})?(?:[/?#]\S*)?$/i;
const BrokerUrl = z
  .string({ error: 'it must be a URL' })
  .regex(URL_FORM, { error: 'it must be a URL that begins with mqtt, mqtts, ws or wss' });
const FileName = z.string({ error: 'it must be the name of a file' }).min(1, { error: 'it is empty' });

const MqttKeys = z.object({
  url: z
    .union([BrokerUrl, z.array(BrokerUrl).min(1, { error: 'it is empty' })], {
      error: 'it must be a URL or a list of them',
    })
    .optional(),
  credentials: FileName.optional(),
  tls: z
    .object({
      ca: FileName.optional(),
      cert: FileName.optional(),
      key: FileName.optional(),
      serverName: z.string().optional(),
      insecure: z.boolean({ error: 'it must be true or false' }).optional(),
    })
    .optional(),
  protocol: z.union([z.literal(4), z.literal(5), z.literal('auto')], { error: 'it must be 4, 5 or auto' }).optional(),
});
type MqttKeys = z.infer<typeof MqttKeys>;
const readMqttKeys = shapeOf(MqttKeys);

const AccessKeys = z.object({ anonymous: z.enum(['none', 'read', 'operate']).optional(), users: FileName.optional() });
const readAccessKeys = shapeOf(AccessKeys);

const OCS_HUB_KEYS = ['address_root', 'wamp_server', 'wamp_http', 'wamp_realm', 'access_policy'];
const HUB_KEYS = [...OCS_HUB_KEYS, 'mqtt', 'access'];
const DEFAULT_MQTT: Mqtt = { urls: ['mqtt://127.0.0.1:1883'], protocol: 4 };
export const DEFAULT_ROOT = 'observatory';

export interface Hub {
  readonly root: string;
  readonly mqtt: Mqtt;
  readonly access: Access;
  /** The brokers are named in the file. */
  readonly mqttSaid: boolean;
  /** The machine in `wamp_server`: where the site's hub was. */
  readonly machine?: string | undefined;
}

/** Read the hub of a site file; undefined after a complaint that spoils the file. */
export function readHub(site: MapNode, findings: Finding[]): Hub | undefined {
  const hub = pairOf(site, 'hub');
  if (!hub || isNull(hub.value)) {
    findings.push({
      span: hub?.keySpan ?? site.span,
      severity: 'W',
      code: 'CONFIG_KEY_MISSING',
      facts: { key: 'hub', where: 'the site', remedy: 'Add "hub: {}"' },
      kept: 'all defaults',
    });
    return { root: DEFAULT_ROOT, mqtt: DEFAULT_MQTT, access: accessOf({}, DEFAULT_MQTT), mqttSaid: false };
  }
  const node = hub.value;
  if (node.kind !== 'map') {
    findings.push({
      span: node.span,
      severity: 'F',
      code: 'CONFIG_VALUE',
      facts: {
        key: '"hub"',
        found: '',
        where: 'the site',
        problem: 'it must be a map',
        remedy: 'Write "hub: {address_root: observatory}"',
      },
    });
    return undefined;
  }
  noteIdleKeys(node, 'the hub', findings);
  for (const { key, keySpan } of node.pairs) {
    if (!HUB_KEYS.includes(key) && !/^(?:wamp_|x-)/.test(key))
      findings.push(unknownKeyFinding(key, keySpan, HUB_KEYS, 'the hub'));
  }
  const context: ShapeContext = { where: 'the hub', severity: 'F', findings };
  const mqttNode = childOf(node, 'mqtt');
  const mqtt = mqttNode && !isNull(mqttNode) ? readMqtt(mqttNode, DEFAULT_MQTT, context) : DEFAULT_MQTT;
  const accessNode = childOf(node, 'access');
  const access =
    accessNode && !isNull(accessNode) ? readAccessKeys(accessNode, { ...context, where: 'hub.access' }) : {};
  if (!mqtt || !access) return undefined;
  const machine = machineOf(childOf(node, 'wamp_server'));
  return {
    root: readRoot(node, findings),
    mqtt,
    access: accessOf(access, mqtt),
    mqttSaid: mqttNode !== undefined,
    machine,
  };
}

/** Read an `mqtt` map over `base`, key by key; undefined after a complaint. */
export function readMqtt(node: YamlNode, base: Mqtt, context: ShapeContext): Mqtt | undefined {
  const where = context.where === 'the hub' ? 'hub.mqtt' : `mqtt of ${context.where}`;
  const keys = readMqttKeys(node, { ...context, where });
  if (!keys) return undefined;
  const { findings } = context;
  const urlSpan = childOf(node, 'url')?.span ?? node.span;
  const urls = keys.url === undefined ? undefined : [keys.url].flat();
  if (urls?.some((url) => /^[^/]*\/\/[^/?#@]*:[^/?#@]*@/.test(url))) {
    findings.push({
      span: { start: urlSpan.start, end: urlSpan.start + 1 },
      severity: 'F',
      code: 'CONFIG_PASSWORD',
      facts: {},
    });
    return undefined;
  }
  const merged: Mqtt = {
    urls: urls ?? base.urls,
    credentials: keys.credentials ?? base.credentials,
    tls: keys.tls || base.tls ? { ...base.tls, ...keys.tls } : undefined,
    protocol: keys.protocol ?? base.protocol,
  };
  if (keys.tls?.insecure)
    findings.push({ span: childOf(node, 'tls')?.span ?? node.span, severity: 'W', code: 'CONFIG_INSECURE', facts: {} });
  return merged;
}

const accessOf = ({ anonymous, users }: z.infer<typeof AccessKeys>, { urls }: Mqtt): Access => ({
  anonymous: anonymous ?? (urls.every(isLoopback) ? 'operate' : 'none'),
  users,
});

export const isLoopback = (url: string): boolean =>
  /^[a-z]+:\/\/(?:[^/@]*@)?(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?(?:[/?#]|$)/i.test(url);

function readRoot(hub: MapNode, findings: Finding[]): string {
  const node = childOf(hub, 'address_root');
  if (!node || isNull(node)) return DEFAULT_ROOT;
  const said = node.kind === 'scalar' ? node.scalar.python : '';
  const root = said.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 64) || DEFAULT_ROOT;
  if (root !== said) {
    const facts = {
      key: '"address_root"',
      found: ` "${said}"`,
      where: 'the hub',
      problem: 'a root is letters, digits, "_" and "-", at most 64',
      remedy: `Write "address_root: ${root}"`,
    };
    findings.push({ span: node.span, severity: 'W', code: 'CONFIG_VALUE', facts, kept: root });
  }
  return root;
}

const IDLE = /^(?:wamp_.*|access_policy|crossbar|crossbar[-_]timeout)$/;

/** Notes for the keys of OCS that are read and mean nothing here. */
export function noteIdleKeys(node: MapNode, where: string, findings: Finding[], severity: Severity = 'N'): void {
  for (const { key, keySpan } of node.pairs) {
    if (IDLE.test(key))
      findings.push({
        span: keySpan,
        severity,
        code: 'CONFIG_KEY_IDLE',
        facts: { key, where, why: ': it is for OCS alone', remedy: 'It may stay' },
      });
  }
}

export const isIdleKey = (key: string): boolean => IDLE.test(key);

const machineOf = (node: YamlNode | undefined): string | undefined =>
  node?.kind === 'scalar' ? /^wss?:\/\/(\[[^\]]+\]|[^:/]+)/.exec(node.source)?.[1] : undefined;
