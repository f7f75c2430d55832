/** Does a filter match a topic (MQTT 3.1.1 §4.7)? */

/** True when `topic` is one of those that `filter` asks for; a wildcard in front never matches a name beginning with "$". */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false;
  const asked = filter.split('/');
  const given = topic.split('/');
  for (let i = 0; i < asked.length; i++) {
    if (asked[i] === '#') return true;
    if (i >= given.length) return false;
    if (asked[i] !== '+' && asked[i] !== given[i]) return false;
  }
  return asked.length === given.length;
}

/** Why `filter` is none, or undefined when it is one. */
export function filterProblem(filter: string): string | undefined {
  if (filter === '') return 'it is empty';
  const levels = filter.split('/');
  const misplaced = levels.findIndex(
    (level, i) =>
      (level.includes('#') && (level !== '#' || i < levels.length - 1)) || (level.includes('+') && level !== '+'),
  );
  return misplaced === -1 ? undefined : `level ${misplaced + 1} mixes a wildcard with other characters`;
}
