/** A place in a JSON value: what stands there, and the whole with something else in it. */
export interface Place {
  /** `messages.0.content`, as errors name it; empty for the whole. */
  readonly field: string;
  readonly value: unknown;
  readonly put: (replaced: unknown) => unknown;
}

/** Every place of a JSON value, the whole first. */
export function placesIn(root: unknown): Place[] {
  const places: Place[] = [];
  const walk = (value: unknown, field: string, put: Place['put']) => {
    places.push({ field, value, put });
    if (value === null || typeof value !== 'object') return;
    for (const [name, member] of Object.entries(value)) {
      const into = (replaced: unknown) => put(withMember(value, name, replaced));
      walk(member, field === '' ? name : `${field}.${name}`, into);
    }
  };
  walk(root, '', (replaced) => replaced);
  return places;
}

/** The places in which an object stands, from the whole on. */
export function objectsIn(root: unknown): Place[] {
  return placesIn(root).filter(({ value }) => value !== null && typeof value === 'object' && !Array.isArray(value));
}

/** A list or an object with another value for one member; `__proto__` is a member as any other. */
export function withMember(value: object, name: string, member: unknown): unknown {
  if (Array.isArray(value)) return value.with(Number(name), member);
  return Object.fromEntries([...Object.entries(value), [name, member]]);
}
