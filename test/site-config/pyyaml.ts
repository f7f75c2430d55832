/** The oracle of the YAML tests: what the PyYAML of this machine makes of a text, with Python's type and str() of each scalar. */
import { spawnSync } from 'node:child_process';
import * as z from 'zod';
import type { YamlNode } from '../../site-config/node.ts';

const PROGRAM = `
import sys, json, datetime, yaml
def shown(v):
    if v is None: return ['null', 'None']
    if isinstance(v, bool): return ['bool', str(v)]
    if isinstance(v, int): return ['int', str(v)]
    if isinstance(v, float): return ['float', str(v)]
    if isinstance(v, (datetime.date, datetime.datetime)): return ['time', str(v)]
    if isinstance(v, str): return ['text', v]
    if isinstance(v, list): return ['list', [shown(x) for x in v]]
    if isinstance(v, dict): return ['map', [[str(k), shown(x)] for k, x in v.items()]]
    return ['other', str(type(v))]
def read(text):
    try: return shown(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError): return ['error', '']
json.dump([read(t) for t in json.load(sys.stdin)], sys.stdout)
`;

export type Shown = [string, unknown];

/** Undefined where this machine has no PyYAML. */
export function pyyaml(texts: readonly string[]): Shown[] | undefined {
  const { status, stdout } = spawnSync('/usr/bin/python3', ['-c', PROGRAM], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    env: {},
    timeout: 30_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return status === 0 ? z.array(z.tuple([z.string(), z.unknown()])).parse(JSON.parse(stdout)) : undefined;
}

/** Our reading in the same form. */
export function shown(node: YamlNode | undefined): Shown {
  if (!node) return ['error', ''];
  if (node.kind === 'list') return ['list', node.items.map(shown)];
  if (node.kind === 'map') return ['map', node.pairs.map(({ key, value }) => [key, shown(value)])];
  return [node.scalar.type, node.scalar.python];
}
