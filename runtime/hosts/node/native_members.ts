/**
 * Gives a class all members of one of the host's, without its state: each is asked of an object of the host's that is made when one
 * is first needed.
 *
 * @module
 */

type Class = { prototype: object };
/** The object of the host's that stands behind another one. */
export type NativeOf = (self: unknown) => object;

/**
 * Lets the instances of `light` be ones of `native` too, as `instanceof` and `constructor` tell. Members that it has itself stay.
 *
 * The functions of the host read the state of its objects. Where that is behind symbols (undici 6, so Node 20 and 22), they find it in
 * these instances as well: `fetch(request)` and `Request.prototype.text.call(request)` work. Behind private fields nobody else can put it.
 */
export function standFor(light: Class, native: Class, sample: object, nativeOf: NativeOf): void {
  const { prototype } = light;
  Reflect.deleteProperty(prototype, "constructor");
  for (const name of Reflect.ownKeys(native.prototype)) {
    const own = Object.getOwnPropertyDescriptor(prototype, name);
    const member = Object.getOwnPropertyDescriptor(native.prototype, name)!;
    // What it has itself looks like the host's.
    if (own !== undefined) Object.defineProperty(prototype, name, { enumerable: member.enumerable === true });
    else if (name !== "constructor") Object.defineProperty(prototype, name, forwarded(name, member, nativeOf));
  }
  for (const symbol of Object.getOwnPropertySymbols(sample)) {
    Object.defineProperty(prototype, symbol, {
      get(this: unknown) {
        return Reflect.get(nativeOf(this), symbol);
      },
      set(this: unknown, to: unknown) {
        Reflect.set(nativeOf(this), symbol, to);
      },
      configurable: true,
    });
  }
  Object.setPrototypeOf(prototype, native.prototype);
}

/** A member of the host's, called on the object of the host's. */
function forwarded(name: PropertyKey, member: PropertyDescriptor, nativeOf: NativeOf): PropertyDescriptor {
  const { get, set, value } = member;
  if (typeof value === "function") {
    const methods: Record<PropertyKey, unknown> = {
      [name](this: unknown, ...args: unknown[]): unknown {
        return Reflect.apply(value, nativeOf(this), args);
      },
    };
    const method = methods[name] as () => unknown;
    Object.defineProperty(method, "length", { value: value.length, configurable: true });
    return { ...member, value: method };
  }
  if (get === undefined) return member;
  const forward: PropertyDescriptor = {
    ...member,
    get(this: unknown): unknown {
      return Reflect.apply(get, nativeOf(this), []);
    },
  };
  if (set === undefined) return forward;
  return {
    ...forward,
    set(this: unknown, to: unknown): void {
      Reflect.apply(set, nativeOf(this), [to]);
    },
  };
}
