/**
 * Stand-ins for the web globals that the OpenAI SDK touches when it is loaded. Node's own are lazy getters that load undici,
 * which costs half of an empty handler's cold start; the SDK needs no more than this, because it gets a `fetch` of our own.
 * esbuild puts them in the place of the global names, inside the bundles only (`inject`); nothing global is changed.
 */
export class Headers {
  readonly #values = new Map<string, string>();

  append(name: string, value: string): void {
    const key = name.toLowerCase();
    const before = this.#values.get(key);
    this.#values.set(key, before === undefined ? value : `${before}, ${value}`);
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value);
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  entries(): IterableIterator<[string, string]> {
    return this.#values.entries();
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (const [name, value] of this.#values) visit(value, name);
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}

/** Only its prototype is looked at, and nothing of it is used. */
export class Response extends Object {}

/** Bodies are asked whether they are one. None is. */
export class FormData extends Object {}
